import { AnnealError } from '../../base/error.ts';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';
import { storageErrors } from '../errors.ts';
import { storageFailure } from '../failure.ts';
import { checkSegment } from '../segment.ts';
import { generationName, parseGeneration, TRAILER_BYTES, trailer, wholeBytes } from './generations.ts';
import { writePieces } from './write-pieces.ts';

/** Nobody puts a blob anew so often while another looks it up once. */
const MOST_TRIES = 100;

/**
 * Checkpoints in the origin private file system, in the folder `checkpoints/<run>`. In a dedicated worker
 * through sync access handles, which write in place and fast; elsewhere through writable streams.
 */
export function createOpfsCheckpointStore(
  openRoot: () => Promise<FileSystemDirectoryHandle> = () => navigator.storage.getDirectory(),
): CheckpointStore {
  async function folder(run: string, create: boolean): Promise<FileSystemDirectoryHandle | null> {
    try {
      const all = await (await openRoot()).getDirectoryHandle('checkpoints', { create });
      return await all.getDirectoryHandle(checkSegment(run), { create });
    } catch (error) {
      if (nameOf(error) === 'NotFoundError') return null;
      throw await typed(error, run, 0);
    }
  }

  /** What has been listed may be gone when it is opened: another context has put a newer one. Then it looks again. */
  async function lookUp<T>(
    run: string,
    where: string,
    look: (directory: FileSystemDirectoryHandle) => Promise<T>,
  ): Promise<T | null> {
    for (let tries = 1; ; tries++) {
      const directory = await folder(run, false);
      if (!directory) return null;
      try {
        return await look(directory);
      } catch (error) {
        if (nameOf(error) !== 'NotFoundError' || tries === MOST_TRIES) throw await typed(error, where, 0);
      }
    }
  }

  return {
    async put(run, name, bytes) {
      checkSegment(name);
      const directory = await folder(run, true);
      if (!directory)
        throw storageErrors.failed({ message: `The folder of run ${run} is gone.`, where: run });
      const older = (await generations(directory)).filter((g) => g.name === name);
      const generation = Math.max(0, ...older.map((g) => g.generation)) + 1;
      const fileName = generationName({ name, generation });
      try {
        const handle = await directory.getFileHandle(fileName, { create: true });
        await write(handle, bytes);
      } catch (error) {
        await discard(directory, fileName);
        throw await typed(error, `${run}/${name}`, bytes.byteLength);
      }
      for (const old of older) await discard(directory, generationName(old));
    },
    async get(run, name) {
      checkSegment(name);
      return lookUp(run, `${run}/${name}`, async (directory) => {
        const candidates = (await generations(directory)).filter((g) => g.name === name);
        for (const candidate of candidates.sort((a, b) => b.generation - a.generation)) {
          const file = await (await directory.getFileHandle(generationName(candidate))).getFile();
          const bytes = await whole(file);
          if (bytes !== null) return new Uint8Array(await file.slice(0, bytes).arrayBuffer());
        }
        return null;
      });
    },
    async list(run) {
      const found = await lookUp(run, run, async (directory) => {
        const sizes = new Map<string, number>();
        for (const candidate of (await generations(directory)).sort((a, b) => a.generation - b.generation)) {
          const file = await (await directory.getFileHandle(generationName(candidate))).getFile();
          const bytes = await whole(file);
          if (bytes !== null) sizes.set(candidate.name, bytes);
        }
        return sizes;
      });
      return [...(found ?? [])]
        .map(([name, bytes]) => ({ name, bytes }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    async remove(run, name) {
      if (name !== undefined) {
        checkSegment(name);
        const directory = await folder(run, false);
        if (!directory) return;
        for (const g of await generations(directory)) {
          if (g.name === name) await directory.removeEntry(generationName(g));
        }
        return;
      }
      if (!(await folder(run, false))) return;
      const all = await (await openRoot()).getDirectoryHandle('checkpoints');
      await all.removeEntry(run, { recursive: true });
    },
  };
}

async function generations(directory: FileSystemDirectoryHandle) {
  const found: { readonly name: string; readonly generation: number }[] = [];
  for await (const key of directory.keys()) {
    const parsed = parseGeneration(key);
    if (parsed) found.push(parsed);
  }
  return found;
}

async function whole(file: File): Promise<number | null> {
  const last = await file.slice(Math.max(0, file.size - TRAILER_BYTES)).arrayBuffer();
  return wholeBytes(new Uint8Array(last), file.size);
}

/** Of a dedicated worker only, and so not in the types of a page. */
interface SyncAccess {
  truncate(bytes: number): void;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  flush(): void;
  close(): void;
}

async function write(
  handle: FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncAccess> },
  bytes: Uint8Array,
): Promise<void> {
  if (handle.createSyncAccessHandle) writeSync(await handle.createSyncAccessHandle(), bytes);
  else await writeStream(handle, bytes);
}

function writeSync(access: SyncAccess, bytes: Uint8Array): void {
  try {
    access.truncate(0);
    writeAll(access, bytes, 0);
    access.flush();
    writeAll(access, trailer(bytes.byteLength), bytes.byteLength);
    access.flush();
  } finally {
    access.close();
  }
}

/** Chromium's number for a disk without room, which it hands out as if so many bytes had been written. */
const NO_SPACE = 2 ** 32 - 8;

/** Some browsers write less than asked for, rather than throw, when the disk is full, or say that it was far more. */
function writeAll(access: SyncAccess, bytes: Uint8Array, at: number): void {
  let done = 0;
  while (done < bytes.byteLength) {
    const rest = bytes.subarray(done);
    const written = access.write(rest, { at: at + done });
    if (written <= 0 || written === NO_SPACE)
      throw new DOMException('Nothing more could be written.', 'QuotaExceededError');
    if (!(written <= rest.byteLength))
      throw new DOMException(`Writing ${rest.byteLength} bytes answered ${written}.`, 'UnknownError');
    done += written;
  }
}

/** A writable stream replaces the file when it is closed; the trailer keeps the format the same. */
async function writeStream(handle: FileSystemFileHandle, bytes: Uint8Array): Promise<void> {
  const stream = await handle.createWritable();
  try {
    await writePieces(stream, bytes);
    await stream.write(trailer(bytes.byteLength));
  } catch (error) {
    await stream.abort().catch(() => undefined);
    throw error;
  }
  await stream.close();
}

/** Another tab that is going down may still hold an old file; the next put tries again. */
async function discard(directory: FileSystemDirectoryHandle, fileName: string): Promise<void> {
  await directory.removeEntry(fileName).catch(() => undefined);
}

function nameOf(error: unknown): string | undefined {
  return error instanceof Error ? error.name : undefined;
}

/** Asks how much room is left as well: browsers name a full disk differently from call to call. */
async function typed(error: unknown, where: string, needed: number): Promise<AnnealError> {
  if (error instanceof AnnealError) return error;
  return storageFailure(error, where, needed, await freeBytes());
}

async function freeBytes(): Promise<number | null> {
  try {
    const { quota, usage = 0 } = await navigator.storage.estimate();
    return quota === undefined ? null : Math.max(0, quota - usage);
  } catch {
    return null; // not every context may ask
  }
}
