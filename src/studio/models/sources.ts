import type { InitialModel } from '../../domain/runs/events.ts';
import type { ModelSource } from '../../domain/runs/ports.ts';
import type { ListedRun } from '../../services/runs/runs.ts';

/** Something that can be sampled from. */
export interface SourceChoice {
  readonly key: string;
  readonly label: string;
  readonly group: 'Trained here' | 'In the project';
  readonly source: ModelSource;
}

export function sourcesOf(
  runs: readonly ListedRun[],
  models: readonly InitialModel[],
): readonly SourceChoice[] {
  return [
    ...runs.flatMap(({ run }): SourceChoice[] =>
      run.checkpoint === null
        ? []
        : [
            {
              key: `run:${run.id}`,
              label: `${run.name}, step ${run.checkpoint.step.toLocaleString('en')}`,
              group: 'Trained here',
              source: { type: 'run', run: run.id },
            },
          ],
    ),
    ...models.map(
      (files): SourceChoice => ({
        key: `files:${files.name}`,
        label: files.name,
        group: 'In the project',
        source: { type: 'files', files },
      }),
    ),
  ];
}
