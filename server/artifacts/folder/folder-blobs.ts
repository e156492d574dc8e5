import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, type Stats } from 'node:fs';
import { link, mkdir, open, readdir, rename, rm, stat, utimes } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { protocolErrors } from '../../../src/protocol/errors.ts';
import type { BlobFacts, BlobName, Blobs } from '../ports.ts';
import { isCode, syncFile, syncFolder } from './sync-folder.ts';

const HASH = /^[0-9a-f]{64}$/;
const NAME = /^(?:(?<space>[a-z0-9-]+)\/)?(?<hash>[0-9a-f]{64})$/;

/**
 * Blobs as files: `<folder>/<first two digits>/<hash>`, those of a space under `spaces/<space>`. A file of that
 * name is whole and right, whenever the process was killed: bytes are written elsewhere in the folder, synced,
 * and then renamed.
 */
export class FolderBlobs implements Blobs {
  readonly folder: string;
  /** Names in `incoming` that this process writes; others there are of one that was killed. */
  readonly writing = new Set<string>();

  constructor(folder: string) {
    this.folder = folder;
  }

  /** Where bytes are written before they have a name. */
  get incoming(): string {
    return join(this.folder, 'incoming');
  }

  async stat(name: BlobName): Promise<BlobFacts | null> {
    try {
      return factsOf(await stat(this.#path(name)));
    } catch (error) {
      if (isCode(error, 'ENOENT')) return null;
      throw error;
    }
  }

  async read(name: BlobName, range?: { readonly start: number; readonly end: number }) {
    const file = await open(this.#path(name));
    return file.createReadStream({ ...range, highWaterMark: 256 * 1024 });
  }

  async put(name: BlobName, _bytes: number, source: () => Promise<NodeJS.ReadableStream>): Promise<void> {
    const id = randomUUID();
    const temporary = join(this.incoming, id);
    this.writing.add(id);
    try {
      await pipeline(await source(), createWriteStream(temporary, { flags: 'wx', flush: true }));
      await this.#publish(temporary, name);
    } catch (error) {
      await rm(temporary, { force: true });
      throw fullOr(error);
    } finally {
      this.writing.delete(id);
    }
  }

  /**
   * Makes a file of this folder's file system a blob. It stays where it is until it is removed there: when the
   * process is killed before anybody knows of the blob, the upload is still whole.
   */
  async adopt(file: string, name: BlobName): Promise<void> {
    const target = this.#path(name);
    await syncFile(file, 'r+');
    await mkdir(dirname(target), { recursive: true });
    try {
      await link(file, target);
      await this.touch(name); // its bytes may have come long ago
      await syncFolder(dirname(target));
    } catch (error) {
      if (isCode(error, 'EEXIST')) return; // somebody else was faster
      if (!isCode(error, 'EPERM', 'ENOTSUP', 'ENOSYS', 'EMLINK', 'EXDEV')) throw error;
      await this.put(name, 0, async () => createReadStream(file));
    }
  }

  async touch(name: BlobName): Promise<boolean> {
    const now = new Date();
    try {
      const path = this.#path(name);
      const { mtime } = await stat(path);
      // The time of the last change stays: it tells whether the bytes have to be looked at again.
      await utimes(path, now, mtime);
      return true;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return false;
      throw error;
    }
  }

  async remove(name: BlobName): Promise<void> {
    await rm(this.#path(name), { force: true });
  }

  async setAside(name: BlobName): Promise<void> {
    const damaged = join(this.folder, 'damaged');
    await mkdir(damaged, { recursive: true });
    try {
      await rename(this.#path(name), join(damaged, `${name.replace('/', '.')}.${Date.now()}`));
    } catch (error) {
      if (!isCode(error, 'ENOENT')) throw error; // somebody else has
    }
  }

  async *list(): AsyncGenerator<{ readonly name: BlobName } & BlobFacts> {
    yield* this.#listIn(this.folder, '');
    for (const space of await namesIn(join(this.folder, 'spaces')))
      yield* this.#listIn(join(this.folder, 'spaces', space), `${space}/`);
  }

  async *#listIn(folder: string, prefix: string): AsyncGenerator<{ readonly name: BlobName } & BlobFacts> {
    for (const digits of await namesIn(folder)) {
      if (!/^[0-9a-f]{2}$/.test(digits)) continue;
      for (const hash of await namesIn(join(folder, digits))) {
        if (!HASH.test(hash)) continue;
        const facts = await this.stat(`${prefix}${hash}`);
        if (facts !== null) yield { name: `${prefix}${hash}`, ...facts };
      }
    }
  }

  async #publish(file: string, name: BlobName): Promise<void> {
    const target = this.#path(name);
    await mkdir(dirname(target), { recursive: true });
    await rename(file, target);
    await syncFolder(dirname(target));
  }

  #path(name: BlobName): string {
    const { space, hash } = NAME.exec(name)?.groups ?? {};
    if (hash === undefined) throw new Error(`"${name}" names no blob`);
    return join(this.folder, ...(space === undefined ? [] : ['spaces', space]), hash.slice(0, 2), hash);
  }
}

function factsOf({ size, mtimeMs, atimeMs, ino }: Stats): BlobFacts {
  return { bytes: size, stamp: `${ino}:${mtimeMs}:${size}`, modified: Math.max(mtimeMs, atimeMs) };
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    if (isCode(error, 'ENOENT', 'ENOTDIR')) return [];
    throw error;
  }
}

export function fullOr(error: unknown): unknown {
  return isCode(error, 'ENOSPC', 'EDQUOT') ? protocolErrors.storageFull({ cause: error }) : error;
}
