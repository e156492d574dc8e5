import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';
import { storageFailure } from '../failure.ts';
import { checkSegment } from '../segment.ts';

/**
 * Checkpoints as files `root/run/name`. A put writes a file beside the old one, forces it to the disk and
 * renames it over the old: the name always leads to a whole file, also after a power cut.
 */
export function createNodeCheckpointStore(root: string): CheckpointStore {
  const folder = (run: string): string => join(root, checkSegment(run));
  const path = (run: string, name: string): string => join(folder(run), checkSegment(name));

  return {
    async put(run, name, bytes) {
      const target = path(run, name);
      // One writer per run: what a killed one left under this name is overwritten here.
      const temporary = join(folder(run), `.${name}.part`);
      try {
        await mkdir(folder(run), { recursive: true });
        const file = await open(temporary, 'w');
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, target);
        await syncFolder(folder(run));
      } catch (error) {
        await rm(temporary, { force: true }).catch(() => undefined);
        throw storageFailure(error, target, bytes.byteLength);
      }
    },
    async get(run, name) {
      const target = path(run, name);
      try {
        return await readFile(target);
      } catch (error) {
        if (codeOf(error) === 'ENOENT') return null;
        throw storageFailure(error, target, 0);
      }
    },
    async list(run) {
      const names = await readdir(folder(run)).catch((error: unknown) => {
        if (codeOf(error) === 'ENOENT') return [];
        throw storageFailure(error, folder(run), 0);
      });
      const entries: { name: string; bytes: number }[] = [];
      for (const name of names.sort()) {
        if (name.startsWith('.')) continue;
        const info = await stat(join(folder(run), name));
        if (info.isFile()) entries.push({ name, bytes: info.size });
      }
      return entries;
    },
    async remove(run, name) {
      const target = name === undefined ? folder(run) : path(run, name);
      await rm(target, { recursive: name === undefined, force: true }).catch((error: unknown) => {
        throw storageFailure(error, target, 0);
      });
    },
  };
}

/** Makes the rename itself durable. Windows cannot open a folder for this; there the rename is journalled. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
