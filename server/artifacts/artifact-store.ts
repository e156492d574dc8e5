import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { Artifact } from '../../src/protocol/http/artifacts.ts';
import { serverErrors } from '../errors.ts';

/**
 * Bytes by their SHA-256, as files: <folder>/<first two digits>/<hash>. A file of that name is whole and right,
 * whenever the process was killed: bytes are written elsewhere, verified, synced, and then renamed.
 */
export class ArtifactStore {
  readonly #folder: string;
  readonly #incoming: string;
  readonly maxBytes: number;

  private constructor(folder: string, maxBytes: number) {
    this.#folder = folder;
    this.#incoming = join(folder, 'incoming');
    this.maxBytes = maxBytes;
  }

  /** The folder may be used by one server at a time; what an earlier one left unfinished is removed. */
  static async open(folder: string, maxBytes: number): Promise<ArtifactStore> {
    const store = new ArtifactStore(folder, maxBytes);
    try {
      await mkdir(store.#incoming, { recursive: true });
      for (const name of await readdir(store.#incoming))
        await rm(join(store.#incoming, name), { force: true });
    } catch (cause) {
      throw serverErrors.dataUnusable({ where: folder, cause });
    }
    return store;
  }

  /** Bytes of the artifact, or null where there is none. */
  async size(sha256: string): Promise<number | null> {
    try {
      const { size } = await stat(this.#path(sha256));
      return size;
    } catch (error) {
      if (isCode(error, 'ENOENT')) return null;
      throw error;
    }
  }

  /** `start` and `end` are both part of what is read. */
  read(sha256: string, range?: { readonly start: number; readonly end: number }): Readable {
    return createReadStream(this.#path(sha256), { ...range, highWaterMark: 256 * 1024 });
  }

  /**
   * Takes a stream in. What is there already is verified but not written again. Errors: hashMismatch, tooLarge,
   * storageFull; nothing is left behind then, nor when the stream breaks off.
   */
  async put(sha256: string, source: Readable): Promise<Artifact & { readonly created: boolean }> {
    if ((await this.size(sha256)) !== null) {
      const bytes = await this.#verify(sha256, source, async (chunks) => {
        for await (const _ of chunks);
      });
      return { sha256, bytes, created: false };
    }
    const temporary = join(this.#incoming, randomUUID());
    try {
      const bytes = await this.#verify(sha256, source, (chunks) =>
        pipeline(chunks, createWriteStream(temporary, { flags: 'wx', flush: true })),
      );
      const target = this.#path(sha256);
      await mkdir(join(target, '..'), { recursive: true });
      await rename(temporary, target);
      await syncFolder(join(target, '..'));
      return { sha256, bytes, created: true };
    } catch (error) {
      await rm(temporary, { force: true });
      if (isCode(error, 'ENOSPC') || isCode(error, 'EDQUOT'))
        throw protocolErrors.storageFull({ cause: error });
      if (
        !(error instanceof AnnealError) &&
        (isCode(error, 'ERR_STREAM_PREMATURE_CLOSE') || isCode(error, 'ECONNRESET'))
      ) {
        throw protocolErrors.aborted({ cause: error });
      }
      throw error;
    }
  }

  async #verify(
    sha256: string,
    source: Readable,
    consume: (chunks: AsyncIterable<Uint8Array>) => Promise<void>,
  ): Promise<number> {
    const hash = createHash('sha256');
    const { maxBytes } = this;
    let bytes = 0;
    async function* measured(): AsyncGenerator<Uint8Array> {
      for await (const chunk of source as AsyncIterable<Uint8Array>) {
        bytes += chunk.length;
        if (bytes > maxBytes) throw protocolErrors.tooLarge({ where: sha256, data: { limit: maxBytes } });
        hash.update(chunk);
        yield chunk;
      }
    }
    await consume(measured());
    const actual = hash.digest('hex');
    if (actual !== sha256) {
      throw protocolErrors.hashMismatch({ where: sha256, data: { expected: sha256, actual, bytes } });
    }
    return bytes;
  }

  #path(sha256: string): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }
}

/** A rename is on disk when its folder is. Windows cannot sync a folder and does not need to. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
