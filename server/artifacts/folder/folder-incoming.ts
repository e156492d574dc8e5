import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { FileStore } from '@tus/file-store';
import { Upload } from '@tus/server';
import type { ByteRange, Incoming, Spool } from '../ports.ts';
import { type FolderBlobs, fullOr } from './folder-blobs.ts';
import { isCode } from './sync-folder.ts';

/** Bytes announced for an upload; null where there is none. */
export type AnnouncedBytes = (id: string) => Promise<number | null>;

/**
 * What comes in, beside the blobs on the same disk, so that it becomes one by a rename: streams in `incoming`,
 * resumable uploads in `uploads`. How long an upload will be is a fact of the store alone.
 */
export class FolderIncoming implements Incoming {
  readonly uploads: FileStore;
  readonly prefix = '';
  readonly #blobs: FolderBlobs;
  readonly #folder: string;

  private constructor(blobs: FolderBlobs, folder: string, announced: AnnouncedBytes) {
    this.#blobs = blobs;
    this.#folder = folder;
    this.uploads = new FileStore({
      directory: folder,
      configstore: {
        get: async (id) => {
          const size = await announced(id);
          return size === null ? undefined : new Upload({ id, size, offset: 0 });
        },
        set: async () => undefined,
        delete: async () => undefined,
      },
    });
  }

  static async open(blobs: FolderBlobs, announced: AnnouncedBytes): Promise<FolderIncoming> {
    const folder = join(blobs.folder, 'uploads');
    await mkdir(blobs.incoming, { recursive: true });
    await mkdir(folder, { recursive: true });
    return new FolderIncoming(blobs, folder, announced);
  }

  async take(source: AsyncIterable<Uint8Array>): Promise<Spool> {
    const name = randomUUID();
    const file = join(this.#blobs.incoming, name);
    this.#blobs.writing.add(name);
    try {
      await pipeline(source, createWriteStream(file, { flags: 'wx' }));
      const { size } = await stat(file);
      const spool = this.#spool(file, size);
      return { ...spool, remove: () => spool.remove().finally(() => this.#blobs.writing.delete(name)) };
    } catch (error) {
      await rm(file, { force: true });
      this.#blobs.writing.delete(name);
      throw fullOr(error);
    }
  }

  async arrived(id: string): Promise<number | null> {
    return (await facts(join(this.#folder, id)))?.size ?? null;
  }

  async finished(id: string): Promise<Spool> {
    const file = join(this.#folder, id);
    return this.#spool(file, (await stat(file)).size);
  }

  async forget(id: string): Promise<void> {
    await rm(join(this.#folder, id), { force: true });
  }

  async sweep(known: ReadonlySet<string>, before: number): Promise<number> {
    let swept = 0;
    const remove = async (folder: string, keep: ReadonlySet<string>): Promise<void> => {
      for (const name of await readdir(folder)) {
        if (keep.has(name) || ((await facts(join(folder, name)))?.mtimeMs ?? before) >= before) continue;
        await rm(join(folder, name), { force: true });
        swept++;
      }
    };
    await remove(this.#blobs.incoming, this.#blobs.writing);
    await remove(this.#folder, known);
    return swept;
  }

  #spool(file: string, bytes: number): Spool {
    return {
      bytes,
      read: async (range?: ByteRange) => createReadStream(file, { ...range, highWaterMark: 256 * 1024 }),
      become: (name) => this.#blobs.adopt(file, name),
      remove: () => rm(file, { force: true }),
    };
  }
}

async function facts(path: string) {
  try {
    return await stat(path);
  } catch (error) {
    if (isCode(error, 'ENOENT')) return null;
    throw error;
  }
}
