import { runErrors } from '../../domain/runs/errors.ts';
import type { RunId } from '../../domain/runs/events.ts';
import type { ModelFile } from '../../domain/runs/ports.ts';
import type { Run } from '../../domain/runs/run.ts';
import { once } from '../data/artifacts.ts';
import type { RunDeps } from '../runs/deps.ts';
import { zipped } from './zip.ts';

/** Somewhere that files can be put: a folder that somebody picked, or one on disk. */
export interface FolderWriter {
  write(path: string, bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

export interface SavedModel {
  /** A name for the folder or the file. */
  readonly name: string;
  readonly files: readonly ModelFile[];
}

type Deps = Pick<RunDeps, 'runs' | 'trainer' | 'artifacts' | 'files' | 'clock'>;

/** The Hugging Face folder of what the run has trained so far. Throws ANN-RUN-005 before the first checkpoint. */
export async function modelOf(deps: Pick<Deps, 'runs' | 'trainer'>, id: RunId): Promise<SavedModel> {
  const run = await deps.runs.get(id);
  if (run === null) throw runErrors.unknownRun({ where: id });
  return { name: folderName(run), files: await deps.trainer.exportModel(id) };
}

/** As one file to download. */
export async function saveAsZip(
  deps: Pick<Deps, 'runs' | 'trainer'>,
  id: RunId,
): Promise<{ readonly name: string; readonly zip: Blob }> {
  const { name, files } = await modelOf(deps, id);
  const inside = files.map(({ path, bytes }) => ({ path: `${name}/${path}`, bytes }));
  return { name: `${name}.zip`, zip: new Blob([...zipped(inside)], { type: 'application/zip' }) };
}

/** Into a folder; the weights last, so that a folder with weights is whole. */
export async function saveToFolder(
  deps: Pick<Deps, 'runs' | 'trainer'>,
  id: RunId,
  folder: FolderWriter,
): Promise<SavedModel> {
  const model = await modelOf(deps, id);
  const weightsLast = model.files.toSorted((a, b) => Number(isWeights(a)) - Number(isWeights(b)));
  for (const { path, bytes } of weightsLast) await folder.write(path, bytes);
  return model;
}

/** As artifacts of the project, under `models/<name>/`, where everybody in it finds them. */
export async function saveToProject(deps: Deps, id: RunId): Promise<{ readonly folder: string }> {
  const run = await deps.runs.get(id);
  if (run === null) throw runErrors.unknownRun({ where: id });
  const { name, files } = await modelOf(deps, id);
  const shared = await deps.files(run.project);
  const hashes: Record<string, string> = {};
  for (const { path, bytes } of files) {
    const { artifact } = await deps.artifacts.add(once(bytes), { project: run.project });
    shared.set(`${MODELS}${name}/${path}`, artifact);
    hashes[path] = artifact.sha256;
  }
  const of_step = run.checkpoint?.step ?? run.step;
  await deps.runs.append(id, { type: 'saved', of_step, files: hashes }, deps.clock.now());
  return { folder: `${MODELS}${name}` };
}

/** Where a project keeps its models. */
export const MODELS = 'models/';

function isWeights({ path }: ModelFile): boolean {
  return path.endsWith('.safetensors');
}

/** Letters, digits and dashes of the run's name, with the step: `stories-3-step-2000`. */
function folderName(run: Run): string {
  const plain = run.name
    .normalize('NFKD')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${plain === '' ? 'model' : plain.slice(0, 60)}-step-${run.checkpoint?.step ?? run.step}`;
}
