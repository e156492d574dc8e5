import { formatErrors } from './errors.ts';
import type { FolderFiles } from './folder-files.ts';
import { entryToFloat32 } from './safetensors.ts';
import { headerBytes, parseHeader, type TensorEntry } from './safetensors-header.ts';

/** A tensor of a folder, found and checked, its numbers not yet read. */
export interface StoredTensor {
  readonly name: string;
  readonly file: string;
  readonly entry: TensorEntry;
}

const SINGLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

/**
 * All tensors of a folder by the names that they are stored under; of each file the header alone is read.
 * Throws ANN-FMT-020 and 024 where there are no safetensors, 025 for a bad index, and the reader's errors.
 */
export async function findTensors(folder: FolderFiles): Promise<ReadonlyMap<string, StoredTensor>> {
  const names = new Set(folder.names);
  if (names.has(SINGLE)) return tensorsOf(folder, [SINGLE]);
  if (names.has(INDEX)) return sharded(folder, names);
  const others = folder.names.filter((name) => name.endsWith('.safetensors'));
  if (others.length === 1) return tensorsOf(folder, others);
  const pickled = folder.names.find((name) => /\.(bin|pt|pth|ckpt)(\.index\.json)?$/.test(name));
  if (pickled) {
    throw formatErrors.pickledOnly({
      message: `The folder has its weights in ${pickled} alone, which is pickled.`,
      where: pickled,
    });
  }
  throw formatErrors.missingFile({ message: `The folder has no ${SINGLE}.`, where: SINGLE });
}

/** Reads the numbers of one tensor as f32. */
export async function loadTensor(folder: FolderFiles, { file, entry }: StoredTensor): Promise<Float32Array> {
  const bytes = await folder.read(file, entry.begin, entry.end);
  if (bytes.byteLength !== entry.end - entry.begin) {
    throw formatErrors.truncated({
      message: `${file} ends inside ${entry.name}.`,
      where: file,
      data: { position: entry.begin + bytes.byteLength },
    });
  }
  return entryToFloat32(entry, bytes);
}

async function tensorsOf(folder: FolderFiles, files: readonly string[]): Promise<Map<string, StoredTensor>> {
  const found = new Map<string, StoredTensor>();
  for (const file of files) {
    const size = await folder.size(file);
    const first = await folder.read(file, 0, Math.min(8, size));
    const head = await folder.read(file, 0, headerBytes(first, size));
    for (const [name, entry] of parseHeader(head, size).tensors) found.set(name, { name, file, entry });
  }
  return found;
}

async function sharded(
  folder: FolderFiles,
  names: ReadonlySet<string>,
): Promise<ReadonlyMap<string, StoredTensor>> {
  const index = await readJson(folder, INDEX);
  const map: unknown =
    typeof index === 'object' && index !== null && 'weight_map' in index ? index.weight_map : undefined;
  if (typeof map !== 'object' || map === null) {
    throw formatErrors.badIndex({ message: `${INDEX} has no weight_map.`, where: INDEX });
  }
  const shards = new Set<string>();
  for (const [tensor, file] of Object.entries(map)) {
    if (typeof file !== 'string') {
      throw formatErrors.badIndex({ message: `${INDEX} names no file for ${tensor}.`, where: INDEX });
    }
    if (!names.has(file)) {
      throw formatErrors.missingFile({ message: `${file}, which ${INDEX} names, is missing.`, where: file });
    }
    shards.add(file);
  }
  const found = await tensorsOf(folder, [...shards]);
  for (const [tensor, file] of Object.entries(map)) {
    if (found.get(tensor)?.file !== file) {
      throw formatErrors.badIndex({
        message: `${INDEX} says that ${tensor} is in ${String(file)}, where it is not.`,
        where: INDEX,
      });
    }
  }
  return found;
}

/** Throws ANN-FMT-020 and 021. */
export async function readJson(folder: FolderFiles, name: string): Promise<unknown> {
  const text = await readText(folder, name);
  try {
    return JSON.parse(text);
  } catch (error) {
    const detail = error instanceof Error ? error.message : String(error);
    throw formatErrors.badConfig({ message: `${name} is not JSON: ${detail}.`, where: name, cause: error });
  }
}

/** Throws ANN-FMT-020 where it is not there, 021 where it is not UTF-8. */
export async function readText(folder: FolderFiles, name: string): Promise<string> {
  if (!folder.names.includes(name)) {
    throw formatErrors.missingFile({ message: `The folder has no ${name}.`, where: name });
  }
  const bytes = await folder.read(name, 0, await folder.size(name));
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    throw formatErrors.badConfig({ message: `${name} is not UTF-8 text.`, where: name, cause: error });
  }
}
