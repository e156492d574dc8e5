import type { ArtifactStore, ByteStream, ProjectFiles } from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { InitialModel } from '../../domain/runs/events.ts';
import type { ModelFacts, ModelFile, Trainer } from '../../domain/runs/ports.ts';
import { formatErrors } from '../../engine/formats/errors.ts';
import { tokenizerFromMerges } from '../../engine/formats/vocab-and-merges.ts';
import { once } from '../data/artifacts.ts';
import { artifactFolder } from '../training/models.ts';
import { MODELS } from './save.ts';
import { unzipped } from './zip.ts';

/** A file of a folder that somebody picked or dropped; read when it is needed. */
export interface PickedFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly open: () => ByteStream;
}

export interface OpenedModel {
  readonly model: InitialModel;
  readonly facts: ModelFacts;
}

interface Deps {
  readonly artifacts: ArtifactStore;
  readonly trainer: Pick<Trainer, 'inspectModel'>;
}

/**
 * Reads a Hugging Face folder, ours or anybody's, keeps its files as artifacts and says what it is. Throws
 * ANN-RUN-013 where it is no model, and the formats' errors (ANN-FMT) where a file of it is broken; then
 * nothing of it is kept.
 */
export async function openModelFolder(
  deps: Deps,
  name: string,
  picked: readonly PickedFile[],
): Promise<OpenedModel> {
  const paths = picked.map(({ path }) => path);
  const root = rootOf(paths);
  refusePickled(paths, root);
  const wanted = picked.filter(({ path }) => isWanted(path, root));
  return await keep(
    deps,
    name,
    root,
    wanted.map(({ path, open }) => [path, open] as const),
  );
}

/** The same from a zip, such as Save makes. */
export async function openModelZip(deps: Deps, name: string, stream: ByteStream): Promise<OpenedModel> {
  const files: ModelFile[] = [];
  const paths: string[] = [];
  for await (const file of unzipped(stream)) {
    paths.push(file.path);
    if (FILES.test(file.path)) files.push(file);
  }
  const root = rootOf(paths);
  refusePickled(paths, root);
  return await keep(
    deps,
    name.replace(/\.zip$/i, ''),
    root,
    files.filter(({ path }) => isWanted(path, root)).map(({ path, bytes }) => [path, () => once(bytes)]),
  );
}

/** Puts an opened model among the project's files, so that it is still there tomorrow and for others. */
export async function addToProject(
  files: ProjectFiles,
  opened: OpenedModel,
  store: ArtifactStore,
): Promise<void> {
  for (const [path, sha256] of Object.entries(opened.model.files)) {
    const artifact = await store.stat(sha256);
    if (artifact !== null) files.set(`${MODELS}${opened.model.name}/${path}`, artifact);
  }
}

/** The models among a project's files, by folder. */
export function modelsOf(files: ProjectFiles): readonly InitialModel[] {
  const folders = new Map<string, Record<string, string>>();
  for (const [path, { sha256 }] of files.entries()) {
    const [, folder, file] = /^models\/([^/]+)\/([^/]+)$/.exec(path) ?? [];
    if (folder === undefined || file === undefined) continue;
    folders.set(folder, { ...folders.get(folder), [file]: sha256 });
  }
  return [...folders]
    .filter(([, those]) => 'config.json' in those)
    .map(([name, those]) => ({ name, files: those }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** What a folder may hold that matters here; everything else (other formats, caches) is passed over. */
const FILES =
  /(^|\/)((generation_)?config\.json|tokenizer(_config)?\.json|vocab\.json|merges\.txt|special_tokens_map\.json|README\.md|[^/]+\.safetensors|[^/]+\.safetensors\.index\.json)$/;

/** Older weights are Python programs, which nobody should run unasked. Throws ANN-FMT-024 where there are no others. */
function refusePickled(paths: readonly string[], root: string): void {
  const here = paths.filter((path) => path.startsWith(root) && !path.slice(root.length).includes('/'));
  const pickled = here.find((path) => /\.(bin|pt|pth|ckpt)$/.test(path));
  if (pickled === undefined || here.some((path) => path.endsWith('.safetensors'))) return;
  throw formatErrors.pickledOnly({
    message: `The folder has its weights in ${pickled.slice(root.length)} alone, which is pickled.`,
    where: pickled,
  });
}

/** The folder that holds config.json; of several the outermost. */
function rootOf(paths: readonly string[]): string {
  const configs = paths.filter((path) => /(^|\/)config\.json$/.test(path));
  const [outermost] = configs.toSorted((a, b) => a.split('/').length - b.split('/').length);
  if (outermost === undefined) {
    throw runErrors.notAModel({ message: 'There is no config.json among these files' });
  }
  return outermost.slice(0, -'config.json'.length);
}

function isWanted(path: string, root: string): boolean {
  return path.startsWith(root) && !path.slice(root.length).includes('/') && FILES.test(path);
}

async function keep(
  { artifacts, trainer }: Deps,
  name: string,
  root: string,
  entries: readonly (readonly [string, () => ByteStream])[],
): Promise<OpenedModel> {
  const before = new Set((await artifacts.list()).map(({ sha256 }) => sha256));
  const files: Record<string, string> = {};
  try {
    for (const [path, open] of entries) {
      files[path.slice(root.length)] = (await artifacts.put(open())).sha256;
    }
    const model = { name: plainName(name), files };
    // Who trains on takes tokenizer.json from among the files, so an old folder is given one.
    if (!('tokenizer.json' in files)) {
      const tokenizer = await tokenizerFromMerges(await artifactFolder(artifacts, model));
      if (tokenizer !== null) {
        files['tokenizer.json'] = (await artifacts.put(once(new TextEncoder().encode(tokenizer)))).sha256;
      }
    }
    return { model, facts: await trainer.inspectModel(model) };
  } catch (error) {
    for (const sha256 of Object.values(files)) {
      if (!before.has(sha256)) await artifacts.remove(sha256);
    }
    throw error;
  }
}

/** Fit for a path: a model's name is a folder of the project. */
function plainName(name: string): string {
  const plain = name
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}._-]+/gu, '-')
    .replaceAll(/^[-.]+|[-.]+$/g, '');
  return plain === '' ? 'model' : plain.slice(0, 100);
}
