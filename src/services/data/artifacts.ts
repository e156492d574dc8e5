import type {
  Abort,
  ArtifactStore,
  ByteStream,
  RemoteArtifacts,
  Sha256,
  StoredArtifact,
} from '../../domain/artifacts/ports.ts';
import { runErrors } from '../../domain/runs/errors.ts';
import type { Progress } from '../../domain/runs/ports.ts';

/** Artifacts on this machine and, where there is a server, there too. */
export interface ArtifactService {
  /** Keeps the bytes here and sends them to the server in the background; `shared` tells when they are there. */
  add(
    bytes: ByteStream,
    expected?: Sha256,
  ): Promise<{ readonly artifact: StoredArtifact; readonly shared: Promise<boolean> }>;
  /** Makes sure that the bytes are here, fetching them where they are not. Throws ANN-RUN-006 where nobody has them. */
  ensure(sha256: Sha256, onProgress?: (progress: Progress) => void, signal?: Abort): Promise<StoredArtifact>;
  /** Reads what is here or fetches it first. Throws ANN-RUN-006. */
  open(sha256: Sha256, onProgress?: (progress: Progress) => void, signal?: Abort): Promise<ByteStream>;
  has(sha256: Sha256): Promise<boolean>;
  /** Sends what the server does not have yet, such as what was added while offline. Resolves with how many. */
  share(hashes: Iterable<Sha256>): Promise<number>;
}

export function createArtifactService(store: ArtifactStore, remote: RemoteArtifacts | null): ArtifactService {
  /** One download at a time of one artifact, however many ask. */
  const fetching = new Map<Sha256, Promise<StoredArtifact>>();

  const upload = async (artifact: StoredArtifact): Promise<boolean> => {
    if (remote === null || (await remote.has(artifact.sha256))) return false;
    const stream = await store.open(artifact.sha256);
    if (stream === null) return false;
    await remote.upload(artifact, stream);
    return true;
  };
  const download = async (
    sha256: Sha256,
    onProgress: (progress: Progress) => void,
    signal: Abort | undefined,
  ): Promise<StoredArtifact> => {
    const found = remote === null ? null : await remote.download(sha256, signal);
    if (found === null) throw runErrors.missingData({ where: sha256, data: { sha256 } });
    return await store.put(counted(found.stream, found.bytes, onProgress), sha256);
  };

  const service: ArtifactService = {
    async add(bytes, expected) {
      const artifact = await store.put(bytes, expected);
      const shared = upload(artifact).then(
        () => remote !== null,
        () => false, // offline: `share` sends it later
      );
      return { artifact, shared };
    },
    async ensure(sha256, onProgress = () => undefined, signal) {
      const here = await store.stat(sha256);
      if (here !== null) return here;
      const pending = fetching.get(sha256) ?? download(sha256, onProgress, signal);
      fetching.set(sha256, pending);
      try {
        return await pending;
      } finally {
        fetching.delete(sha256);
      }
    },
    async open(sha256, onProgress, signal) {
      await service.ensure(sha256, onProgress, signal);
      const stream = await store.open(sha256);
      if (stream === null) throw runErrors.missingData({ where: sha256 });
      return stream;
    },
    has: async (sha256) => (await store.stat(sha256)) !== null,
    async share(hashes) {
      let sent = 0;
      for (const sha256 of new Set(hashes)) {
        const here = await store.stat(sha256);
        if (here !== null && (await upload(here))) sent++;
      }
      return sent;
    },
  };
  return service;
}

async function* counted(
  stream: ByteStream,
  total: number | null,
  onProgress: (progress: Progress) => void,
): ByteStream {
  let done = 0;
  for await (const piece of stream) {
    yield piece;
    done += piece.byteLength;
    onProgress({ what: 'Fetching from the server', done, total });
  }
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
