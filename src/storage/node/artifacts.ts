import { randomUUID } from 'node:crypto';
import { createReadStream, openAsBlob } from 'node:fs';
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactStore, ByteStream, Hasher, Sha256 } from '../../domain/artifacts/ports.ts';
import { NOT_THERE, storageErrors, toStorageError } from '../errors.ts';
import { refuseOther, verified } from '../verified.ts';
import { isMissing } from './json-lines.ts';

/** Artifacts as files: `<folder>/<sha256>` once all bytes are there and verified. */
export function createNodeArtifactStore(folder: string, hasher: Hasher): ArtifactStore {
  const sizeOf = async (sha256: Sha256): Promise<number | null> => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return null;
    try {
      return (await stat(join(folder, sha256))).size;
    } catch (thrown) {
      if (isMissing(thrown)) return null;
      throw toStorageError(thrown);
    }
  };
  return {
    async put(bytes, expected) {
      const incoming = join(folder, `incoming-${process.pid}-${randomUUID()}`);
      try {
        await mkdir(folder, { recursive: true });
        const hash = await hasher.sha256();
        let total = 0;
        const file = await open(incoming, 'wx');
        try {
          for await (const piece of bytes) {
            hash.update(piece);
            total += piece.byteLength;
            await file.appendFile(piece);
          }
          await file.sync();
        } finally {
          await file.close();
        }
        const sha256 = hash.digest();
        refuseOther(sha256, expected);
        await rename(incoming, join(folder, sha256));
        return { sha256, bytes: total };
      } catch (thrown) {
        await rm(incoming, { force: true });
        throw toStorageError(thrown);
      }
    },
    async stat(sha256) {
      const bytes = await sizeOf(sha256);
      return bytes === null ? null : { sha256, bytes };
    },
    async open(sha256) {
      if ((await sizeOf(sha256)) === null) return null;
      return verified(createReadStream(join(folder, sha256)) as unknown as ByteStream, sha256, hasher);
    },
    async read(sha256, begin, end) {
      const size = await sizeOf(sha256);
      if (size === null) throw storageErrors.failed({ message: NOT_THERE, where: sha256 });
      const file = await open(join(folder, sha256));
      try {
        const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - begin));
        const { bytesRead } = await file.read(bytes, 0, bytes.byteLength, begin);
        return bytes.subarray(0, bytesRead);
      } catch (thrown) {
        throw toStorageError(thrown);
      } finally {
        await file.close();
      }
    },
    async source(sha256) {
      return (await sizeOf(sha256)) === null ? null : await openAsBlob(join(folder, sha256));
    },
    async list() {
      const hashes = (await names(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
      return await Promise.all(
        hashes.map(async (sha256) => ({ sha256, bytes: (await stat(join(folder, sha256))).size })),
      );
    },
    async remove(sha256) {
      if (/^[0-9a-f]{64}$/.test(sha256)) await rm(join(folder, sha256), { force: true });
    },
    async sweep() {
      const left = (await names(folder)).filter((name) => {
        const writer = INCOMING.exec(name)?.[1];
        return writer !== undefined && !isAlive(Number(writer));
      });
      for (const name of left) await rm(join(folder, name), { force: true });
      return left.length;
    },
  };
}

/** With the process that writes it. */
const INCOMING = /^incoming-(\d+)-/;

async function names(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (isMissing(thrown)) return [];
    throw toStorageError(thrown);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown && thrown.code === 'EPERM';
  }
}
