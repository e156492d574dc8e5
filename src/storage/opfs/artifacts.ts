import type { ArtifactStore, ByteStream, Hasher, Sha256 } from '../../domain/artifacts/ports.ts';
import type { Locks } from '../../domain/runs/ports.ts';
import { NOT_THERE, storageErrors, toStorageError } from '../errors.ts';
import { refuseOther, verified } from '../verified.ts';
import { writePieces } from './write-pieces.ts';

/**
 * Artifacts in the origin's private file system: `<folder>/<sha256>` once all bytes are there and
 * verified, `<folder>/incoming-<id>` before. Works in windows and workers. Whoever writes holds a lock of that
 * name: a file whose lock is free is of a tab that was killed.
 */
export function createOpfsArtifactStore(
  root: () => Promise<FileSystemDirectoryHandle>,
  hasher: Hasher,
  locks: Pick<Locks, 'tryHold'>,
  folder = 'artifacts',
): ArtifactStore {
  const directory = async (): Promise<FileSystemDirectoryHandle> =>
    (await root()).getDirectoryHandle(folder, { create: true });
  const file = async (sha256: Sha256): Promise<File | null> => {
    if (!/^[0-9a-f]{64}$/.test(sha256)) return null;
    try {
      return await (await (await directory()).getFileHandle(sha256)).getFile();
    } catch (thrown) {
      if (thrown instanceof Error && thrown.name === 'NotFoundError') return null;
      throw toStorageError(thrown);
    }
  };
  return {
    async put(bytes, expected) {
      const into = await directory().catch(rethrow);
      const name = `${INCOMING}${crypto.randomUUID()}`;
      const held = await locks.tryHold(lockOf(name), async () => {
        try {
          const handle = await into.getFileHandle(name, { create: true });
          const written = await write(handle, bytes, hasher);
          refuseOther(written.sha256, expected);
          await publish(handle, into, written.sha256);
          return written;
        } catch (thrown) {
          await into.removeEntry(name).catch(() => undefined); // gone already where it was published
          throw toStorageError(thrown);
        }
      });
      if (held === null) throw storageErrors.failed({ where: name }); // two random names were the same
      return held.value;
    },
    async stat(sha256) {
      const found = await file(sha256);
      return found === null ? null : { sha256, bytes: found.size };
    },
    async open(sha256) {
      const found = await file(sha256);
      return found === null ? null : verified(chunks(found), sha256, hasher);
    },
    async read(sha256, begin, end) {
      const found = await file(sha256);
      if (found === null) throw storageErrors.failed({ message: NOT_THERE, where: sha256 });
      return new Uint8Array(await found.slice(begin, end).arrayBuffer());
    },
    source: file,
    async list() {
      const found: { sha256: Sha256; bytes: number }[] = [];
      for await (const [name, handle] of (await directory()).entries()) {
        if (!/^[0-9a-f]{64}$/.test(name) || handle.kind !== 'file') continue;
        found.push({ sha256: name, bytes: (await (handle as FileSystemFileHandle).getFile()).size });
      }
      return found;
    },
    async remove(sha256) {
      if ((await file(sha256)) !== null) await (await directory()).removeEntry(sha256).catch(rethrow);
    },
    async sweep() {
      const from = await directory().catch(rethrow);
      const left: string[] = [];
      for await (const name of from.keys()) if (name.startsWith(INCOMING)) left.push(name);
      let swept = 0;
      for (const name of left) {
        // Chromium keeps what is being written in a file beside the file.
        const lock = lockOf(name.replace(/\.crswap$/, ''));
        const removed = await locks.tryHold(lock, () =>
          from.removeEntry(name).then(
            () => true,
            () => false,
          ),
        );
        if (removed?.value === true) swept++;
      }
      return swept;
    },
  };
}

/** Moving takes milliseconds; who still finds the name taken after two seconds has another trouble. */
const [MOVE_TRIES, MOVE_AGAIN_MS] = [40, 50];
const INCOMING = 'incoming-';
const lockOf = (name: string): string => `artifacts/${name}`;

async function write(
  handle: FileSystemFileHandle,
  bytes: ByteStream,
  hasher: Hasher,
): Promise<{ readonly sha256: Sha256; readonly bytes: number }> {
  const hash = await hasher.sha256();
  const writable = await handle.createWritable();
  let total = 0;
  try {
    for await (const piece of bytes) {
      hash.update(piece);
      total += piece.byteLength;
      await writePieces(writable, piece);
    }
    await writable.close();
  } catch (thrown) {
    await writable.abort().catch(() => undefined);
    throw thrown;
  }
  return { sha256: hash.digest(), bytes: total };
}

/** Gives the file its name. Renaming is atomic; it is in every engine's OPFS, but not yet in TypeScript's types. */
async function publish(
  handle: FileSystemFileHandle & { move?: (name: string) => Promise<void> },
  into: FileSystemDirectoryHandle,
  name: string,
): Promise<void> {
  for (let tries = 0; handle.move !== undefined; tries++) {
    try {
      return await handle.move(name);
    } catch (thrown) {
      // Somebody else gives the same bytes their name at this moment, or reads them.
      if (!isTaken(thrown) || tries === MOVE_TRIES) throw thrown;
    }
    await new Promise((resolve) => setTimeout(resolve, MOVE_AGAIN_MS));
    if (await isThere(into, name)) return await into.removeEntry(handle.name);
  }
  // A writable's bytes appear all at once when it is closed, so a copy is as good.
  const copy = await into.getFileHandle(name, { create: true });
  await (await handle.getFile()).stream().pipeTo(await copy.createWritable());
  await into.removeEntry(handle.name);
}

const isTaken = (thrown: unknown): boolean =>
  thrown instanceof Error && thrown.name === 'NoModificationAllowedError';

const isThere = (into: FileSystemDirectoryHandle, name: string): Promise<boolean> =>
  into.getFileHandle(name).then(
    () => true,
    () => false,
  );

async function* chunks(file: File): ByteStream {
  const reader = file.stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

function rethrow(thrown: unknown): never {
  throw toStorageError(thrown);
}
