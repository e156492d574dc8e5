import type { Sha256 } from '../../domain/artifacts/ports.ts';
import { readConfig } from '../../domain/config/read.ts';
import { BUILT_IN_SOURCE, type ModelSection } from '../../domain/config/schema.ts';
import { describeMisfits, misfits } from '../../domain/plan/fit.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import { type InitialModel, type RunId, runIdSchema } from '../../domain/runs/events.ts';
import type { Progress } from '../../domain/runs/ports.ts';
import { can, type Run } from '../../domain/runs/run.ts';
import type { DeviceChoice } from '../../engine/device.ts';
import type { RunDeps } from './deps.ts';

export interface StartRequest {
  readonly project: string;
  /** Path of the config in the project. */
  readonly path: string;
  readonly text: string;
  /** The Yjs snapshot of the document, base64; null where there is none. */
  readonly version: string | null;
  readonly editedBy: readonly string[];
  /** Overrides the config's. */
  readonly device?: DeviceChoice;
  /** Train on from this model instead of from new weights. */
  readonly model?: InitialModel | null;
  /** The text of the data, instead of what the config's source names in the project. */
  readonly data?: Sha256;
  /** Where whoever starts it has to know the id first. */
  readonly run?: RunId;
  /** Stop after so many updates, the schedule staying as it is. */
  readonly steps?: number | null;
}

export interface Started {
  readonly run: RunId;
  /** The run once it is over, whatever its end; rejects only where its end could not be written. */
  readonly ended: Promise<Run>;
}

type Deps = Pick<
  RunDeps,
  'runs' | 'owner' | 'trainer' | 'check' | 'artifacts' | 'files' | 'clock' | 'random'
>;

/**
 * Starts a run: fetches what is missing, and resolves once the run is in the list. Throws ANN-RUN-003 while
 * another run of the project trains, ANN-RUN-006 without its data, ANN-RUN-007 for a config with errors,
 * ANN-RUN-015 for one that describes another model than the one to start from.
 */
export async function startRun(
  deps: Deps,
  request: StartRequest,
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Started> {
  const owner = deps.owner?.current() ?? null; // who pressed the button, whoever comes meanwhile
  const { config } = readConfig(request.text);
  const errors = (await deps.check(request.text)).filter(({ severity }) => severity === 'error');
  if (errors.length > 0) {
    throw runErrors.invalidConfig({
      message: `The config has ${errors.length === 1 ? 'an error' : `${errors.length} errors`}: ${errors[0]?.message ?? ''}`,
      where: request.path,
      data: { diagnostics: errors },
    });
  }
  const { source, tokenizer } = config.data;
  const sha256 =
    request.data ??
    (source === BUILT_IN_SOURCE ? null : await fileOf(deps, request.project, source, onProgress));
  const tokenizer_sha256 =
    tokenizer.type === 'file' ? await fileOf(deps, request.project, tokenizer.path, onProgress) : null;
  const { project } = request;
  for (const hash of Object.values(request.model?.files ?? {}))
    await deps.artifacts.ensure(hash, onProgress, { project });
  if (request.model != null) await checkFit(deps, request.model, config.model, request.path);

  const run = request.run ?? newRunId(deps);
  const seen = { project: request.project, ...(deps.owner === undefined ? {} : { person: owner }) };
  const earlier = await Promise.all([deps.runs.list(seen), deps.runs.list({ ...seen, deleted: true })]);
  const ended = deps.trainer.train(
    {
      run,
      project: request.project,
      owner,
      name: `${config.project} ${earlier.flat().length + 1}`,
      config: {
        path: request.path,
        text: request.text,
        version: request.version,
        edited_by: [...request.editedBy],
      },
      data: { source, sha256 },
      tokenizer_sha256,
      model: request.model ?? null,
      device: request.device ?? config.training.device,
      steps: request.steps ?? null,
    },
    onProgress,
  );
  await listed(deps, run, ended);
  return { run, ended };
}

/** Goes on from the last checkpoint of a run that was interrupted, stopped or failed. Throws as startRun does. */
export async function resumeRun(
  deps: Deps,
  id: RunId,
  options: { readonly device?: DeviceChoice; readonly steps?: number | null } = {},
  onProgress: (progress: Progress) => void = () => undefined,
): Promise<Started> {
  const run = await deps.runs.get(id);
  if (run === null) throw runErrors.unknownRun({ where: id });
  if (!can(run, 'resumed')) {
    throw runErrors.illegalEvent({ message: `A run that is ${run.state} cannot be resumed`, where: id });
  }
  const { data } = run.pins;
  // The built-in corpus is written again where it is gone.
  if (data.source !== BUILT_IN_SOURCE)
    await deps.artifacts.ensure(data.sha256, onProgress, { project: run.project });
  const ended = deps.trainer.resume(
    { run: id, device: options.device ?? null, steps: options.steps ?? null },
    onProgress,
  );
  await listed(deps, id, ended, run.events);
  return { run: id, ended };
}

/** Otherwise the run would train another model than its config says. */
async function checkFit(
  { trainer }: Deps,
  model: InitialModel,
  section: ModelSection,
  where: string,
): Promise<void> {
  const found = misfits(section, (await trainer.inspectModel(model)).model);
  if (found.length === 0) return;
  throw runErrors.modelDiffers({
    message: `The config does not fit ${model.name}: ${describeMisfits(found)}`,
    where,
  });
}

/** The artifact that a path of the project names, on this machine. */
async function fileOf(
  { artifacts, files }: Deps,
  project: string,
  path: string,
  onProgress: (progress: Progress) => void,
): Promise<string> {
  const entry = (await files(project)).get(path);
  if (entry === null) {
    throw runErrors.missingData({
      message: `The project has no file ${path}`,
      where: path,
      fix: 'Add the text on the Data page, or name one that is there in data.source.',
    });
  }
  return (await artifacts.ensure(entry.sha256, onProgress, { project })).sha256;
}

/** Waits until the run has more than `events` events; a run that ends before has its error thrown here. */
async function listed({ runs }: Deps, id: RunId, ended: Promise<Run>, events = 0): Promise<void> {
  let end: () => void = () => undefined;
  const seen = new Promise<void>((resolve, reject) => {
    end = runs.watch(() => {
      runs.get(id).then((run) => {
        if ((run?.events ?? 0) > events) resolve();
      }, reject);
    });
  });
  try {
    await Promise.race([seen, ended]);
  } finally {
    end();
  }
}

/** Sorts by time, and tells two that start in the same second apart: 20260131-093000-k3x9. */
export function newRunId({ clock, random }: Pick<Deps, 'clock' | 'random'>): RunId {
  const time = new Date(clock.now()).toISOString().replaceAll(/[-:]/g, '').replace('T', '-').slice(0, 15);
  return runIdSchema.parse(`${time}-${random().toString(36).padStart(7, '0').slice(-4)}`);
}
