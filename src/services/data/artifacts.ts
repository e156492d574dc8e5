import type {
  ArtifactStore,
  ByteStream,
  RemoteArtifacts,
  Sha256,
  StoredArtifact,
} from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { Progress } from '../../domain/runs/ports.ts';
import { createTransfers, type TransferOptions, type Transfers } from '../artifacts/transfers.ts';

/** Artifacts on this machine and, where there is a server, there too: in the workspace of the project that is said. */
export interface ArtifactService {
  /** Keeps the bytes here and sends them to the server in the background; `shared` tells when they are there. */
  add(
    bytes: ByteStream,
    options?: { readonly expected?: Sha256; readonly project?: string },
  ): Promise<{ readonly artifact: StoredArtifact; readonly shared: Promise<boolean> }>;
  /** Makes sure that the bytes are here, fetching them where they are not. Throws ANN-RUN-006 where nobody has them. */
  ensure(
    sha256: Sha256,
    onProgress?: (progress: Progress) => void,
    options?: Omit<TransferOptions, 'onProgress'>,
  ): Promise<StoredArtifact>;
  /** Reads what is here or fetches it first. Throws ANN-RUN-006. */
  open(
    sha256: Sha256,
    onProgress?: (progress: Progress) => void,
    options?: Omit<TransferOptions, 'onProgress'>,
  ): Promise<ByteStream>;
  has(sha256: Sha256): Promise<boolean>;
  /** Sends what the server does not have yet, such as what was added while offline. Resolves with how many. */
  share(hashes: Iterable<Sha256>, project?: string): Promise<number>;
}

export function createArtifactService(
  store: ArtifactStore,
  remote: RemoteArtifacts | null,
  transfers: Transfers = createTransfers(store, remote),
): ArtifactService {
  const service: ArtifactService = {
    async add(bytes, { expected, project } = {}) {
      const artifact = await store.put(bytes, expected);
      const shared = transfers.up(artifact.sha256, { project }).then(
        () => remote !== null,
        () => false, // offline: sent later
      );
      return { artifact, shared };
    },
    async ensure(sha256, onProgress, options) {
      return (await store.stat(sha256)) ?? (await transfers.down(sha256, { ...options, onProgress }));
    },
    async open(sha256, onProgress, options) {
      await service.ensure(sha256, onProgress, options);
      const stream = await store.open(sha256);
      if (stream === null) throw runErrors.missingData({ where: sha256 });
      return stream;
    },
    has: async (sha256) => (await store.stat(sha256)) !== null,
    async share(hashes, project) {
      let sent = 0;
      for (const sha256 of new Set(hashes)) if (await transfers.up(sha256, { project })) sent++;
      return sent;
    },
  };
  return service;
}

/** All of a stream at once. */
export async function collect(stream: ByteStream): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stream) {
    pieces.push(piece);
    length += piece.byteLength;
  }
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.byteLength;
  }
  return all;
}

export async function* once(bytes: Uint8Array<ArrayBuffer>): ByteStream {
  yield bytes;
}
