import type { ArtifactStore, Hasher, Sha256 } from '../../domain/artifacts/ports.ts';
import { NOT_THERE, storageErrors } from '../errors.ts';
import { refuseOther, verified } from '../verified.ts';

/** For tests, and for what need not outlive the process. */
export function createMemoryArtifactStore(hasher: Hasher): ArtifactStore {
  const kept = new Map<Sha256, Uint8Array<ArrayBuffer>>();
  return {
    async put(bytes, expected) {
      const hash = await hasher.sha256();
      const pieces: Uint8Array<ArrayBuffer>[] = [];
      for await (const piece of bytes) {
        hash.update(piece);
        pieces.push(piece.slice());
      }
      const sha256 = hash.digest();
      refuseOther(sha256, expected);
      const all = new Uint8Array(await new Blob(pieces).arrayBuffer());
      kept.set(sha256, all);
      return { sha256, bytes: all.byteLength };
    },
    async stat(sha256) {
      const bytes = kept.get(sha256);
      return bytes === undefined ? null : { sha256, bytes: bytes.byteLength };
    },
    async open(sha256) {
      const bytes = kept.get(sha256);
      if (bytes === undefined) return null;
      return verified(single(bytes.slice()), sha256, hasher);
    },
    async read(sha256, begin, end) {
      const bytes = kept.get(sha256);
      if (bytes === undefined) throw storageErrors.failed({ message: NOT_THERE, where: sha256 });
      return bytes.slice(begin, end);
    },
    async source(sha256) {
      const bytes = kept.get(sha256);
      return bytes === undefined ? null : new Blob([bytes]);
    },
    async list() {
      return [...kept].map(([sha256, { byteLength }]) => ({ sha256, bytes: byteLength }));
    },
    async remove(sha256) {
      kept.delete(sha256);
    },
    sweep: async () => 0,
  };
}

async function* single(bytes: Uint8Array<ArrayBuffer>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  yield bytes;
}
