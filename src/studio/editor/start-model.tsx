import { ActionIcon, Alert, Button, Group, Text, Tooltip } from '@mantine/core';
import { IconBox, IconX } from '@tabler/icons-react';
import { useCallback, useEffect, useState } from 'react';
import { useSearchParams } from 'react-router';
import { describeMisfits, type Misfit } from '../../domain/plan/fit.ts';
import type { Diagnostic } from '../../domain/preflight/report.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { InitialModel } from '../../domain/runs/events.ts';
import type { ModelFacts, Progress } from '../../domain/runs/ports.ts';
import { ErrorNotice } from '../../ui/error-notice.tsx';
import { useServices } from '../app/services.ts';

/** The model that the next run starts from, by `?from=NAME`. */
export interface StartModel {
  readonly name: string;
  /** Null until it is here and has been looked at. */
  readonly found: { readonly model: InitialModel; readonly facts: ModelFacts } | null;
  readonly progress: Progress | null;
  readonly error: unknown;
  /** Start from new weights after all. */
  readonly forget: () => void;
}

/** Null where the run starts from new weights. */
export function useStartModel(project: string): StartModel | null {
  const { files, models, artifacts, trainer } = useServices();
  const [search, setSearch] = useSearchParams();
  const name = search.get('from');
  const [state, setState] = useState<Pick<StartModel, 'found' | 'progress' | 'error'>>(NOTHING);
  useEffect(() => {
    setState(NOTHING);
    if (name === null) return;
    let over = false;
    const update = (next: Partial<typeof state>): void => {
      if (!over) setState((before) => ({ ...before, ...next }));
    };
    const look = async (): Promise<void> => {
      const model = models.list(await files(project)).find((one) => one.name === name);
      if (model === undefined)
        throw runErrors.missingData({
          message: `The project has no model ${name}`,
          where: `models/${name}`,
          fix: 'Open it on the Models page, or start from new weights.',
        });
      for (const hash of Object.values(model.files))
        await artifacts.ensure(hash, (progress) => update({ progress }), { project });
      update({ found: { model, facts: await trainer.inspectModel(model) }, progress: null });
    };
    look().catch((error: unknown) => update({ error, progress: null }));
    return () => {
      over = true;
    };
  }, [name, project, files, models, artifacts, trainer]);
  const forget = useCallback(() => {
    setSearch(
      (before) => {
        before.delete('from');
        return before;
      },
      { replace: true },
    );
  }, [setSearch]);
  return name === null ? null : { name, ...state, forget };
}

const NOTHING = { found: null, progress: null, error: null };

/** Why Train has to wait because of the model to start from; null where it has not. */
export function whyUnfit(start: StartModel | null, differs: readonly Misfit[]): string | null {
  if (start === null) return null;
  if (start.error !== null) return `${start.name} cannot be started from.`;
  if (start.found === null) return `${start.name} is still being opened.`;
  return differs.length === 0
    ? null
    : `The config describes another model than ${start.name}: ${describeMisfits(differs)}.`;
}

/** The same among the problems, at the model section. */
export function unfitDiagnostics(
  start: StartModel,
  differs: readonly Misfit[],
  text: string,
): readonly Diagnostic[] {
  if (differs.length === 0) return [];
  const before = text.slice(0, Math.max(0, text.search(/^model\s*:/m)));
  const line = before.split('\n').length - 1;
  return [
    {
      code: runErrors.modelDiffers.code,
      severity: 'error',
      message: `The model section does not describe ${start.name}: ${describeMisfits(differs)}.`,
      range: { start: { line, character: 0 }, end: { line, character: 5 } },
      fixes: [],
      because: [],
    },
  ];
}

/** Beside Train: what the run starts from, and the way back to new weights. */
export function StartChip({ start }: { readonly start: StartModel }) {
  return (
    <Group gap={4} wrap="nowrap" visibleFrom="md" className="start-chip">
      <IconBox size={14} aria-hidden />
      <Text size="xs" truncate maw={220} title={start.name}>
        Starts from {start.name}
      </Text>
      <Tooltip label="Start from new weights">
        <ActionIcon size="sm" aria-label={`Do not start from ${start.name}`} onClick={start.forget}>
          <IconX size={14} />
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}

/** Over the text: what starting from the model means for the config, and how to make the two fit. */
export function StartNotice(props: {
  readonly start: StartModel;
  /** Null while the config cannot be read. */
  readonly differs: readonly Misfit[] | null;
  readonly onFit: () => void;
}) {
  const { start, differs, onFit } = props;
  const fresh = (
    <Button size="compact-xs" variant="default" onClick={start.forget}>
      Start from new weights
    </Button>
  );
  if (start.error !== null) return <ErrorNotice error={start.error}>{fresh}</ErrorNotice>;
  const { found, progress } = start;
  if (found === null) {
    const share =
      progress?.total == null || progress.total === 0
        ? ''
        : ` ${Math.floor((100 * progress.done) / progress.total)} %`;
    return (
      <Alert color="gray" py="xs" radius={0} role="status">
        {progress === null ? `Opening ${start.name}` : `${progress.what}${share}`} ...
      </Alert>
    );
  }
  if (differs === null || differs.length === 0) {
    return (
      <Alert color="gray" py={6} radius={0} role="status">
        <Group gap="xs" justify="space-between">
          <Text size="sm">
            The run starts from {start.name}, with that model's tokenizer
            {differs === null ? '' : '; the config fits it'}.
          </Text>
          {fresh}
        </Group>
      </Alert>
    );
  }
  return (
    <Alert color="yellow" py="xs" radius={0} title={`The config does not describe ${start.name}`}>
      <Text size="sm">{describeMisfits(differs)}.</Text>
      <Group gap="xs" mt="xs">
        <Button size="compact-xs" onClick={onFit}>
          Write the model's values into the config
        </Button>
        {fresh}
      </Group>
    </Alert>
  );
}
