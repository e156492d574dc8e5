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

export interface TransferOptions {
  /** The project whose artifact it is. */
  readonly project?: string | undefined;
  readonly signal?: Abort | undefined;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
}

/** What is on its way at the moment. In bytes; `total` is null where nobody knows. */
export interface Moving {
  readonly way: 'up' | 'down';
  readonly done: number;
  readonly total: number | null;
}

export type TransferEvent =
  | { readonly sha256: Sha256; readonly kind: 'moving'; readonly moving: Moving }
  /** It is over; `ok`: the bytes are on both sides. */
  | { readonly sha256: Sha256; readonly kind: 'ended'; readonly ok: boolean };

/** Artifacts on their way between this machine and the server: one at a time of an artifact, however many ask. */
export interface Transfers {
  /** Sends what the server lacks. False where there was nothing to send. */
  up(sha256: Sha256, options?: TransferOptions): Promise<boolean>;
  /** Fetches what is not here. Throws ANN-RUN-006 where the server has none either. */
  down(sha256: Sha256, options?: TransferOptions): Promise<StoredArtifact>;
  subscribe(listener: (event: TransferEvent) => void): () => void;
}

export function createTransfers(store: ArtifactStore, remote: RemoteArtifacts | null): Transfers {
  const listeners = new Set<(event: TransferEvent) => void>();
  const emit = (event: TransferEvent): void => {
    for (const listener of listeners) listener(event);
  };
  const up = once(async (sha256, { project, signal, onProgress }: TransferOptions) => {
    if (remote === null || (await remote.has(sha256, { project, signal }))) return false;
    const artifact = await store.stat(sha256);
    const source = await store.source(sha256);
    if (artifact === null || source === null) return false;
    const report = (done: number): void => {
      const total = artifact.bytes;
      emit({ sha256, kind: 'moving', moving: { way: 'up', done, total } });
      onProgress?.({ what: 'Sending to the server', done, total });
    };
    return await told(sha256, async () => {
      report(0);
      await remote.upload(artifact, source, { project, signal, onProgress: report });
      return true;
    });
  });
  const down = once(async (sha256, { project, signal, onProgress }: TransferOptions) => {
    const here = await store.stat(sha256);
    if (here !== null) return here;
    const found = remote === null ? null : await remote.download(sha256, { project, signal });
    if (found === null) throw runErrors.missingData({ where: sha256, data: { sha256 } });
    return await told(sha256, () =>
      store.put(
        counted(found.stream, (done) => {
          const total = found.bytes;
          emit({ sha256, kind: 'moving', moving: { way: 'down', done, total } });
          onProgress?.({ what: 'Fetching from the server', done, total });
        }),
        sha256,
      ),
    );
  });
  const told = async <T>(sha256: Sha256, work: () => Promise<T>): Promise<T> => {
    try {
      const value = await work();
      emit({ sha256, kind: 'ended', ok: true });
      return value;
    } catch (thrown) {
      emit({ sha256, kind: 'ended', ok: false });
      throw thrown;
    }
  };
  return {
    up: (sha256, options = {}) => up(sha256, options),
    down: (sha256, options = {}) => down(sha256, options),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Who asks while it is under way is told how it goes on by events, and gets the same end. */
function once<T>(work: (sha256: Sha256, options: TransferOptions) => Promise<T>) {
  const pending = new Map<Sha256, Promise<T>>();
  return (sha256: Sha256, options: TransferOptions): Promise<T> => {
    const running = pending.get(sha256) ?? work(sha256, options).finally(() => pending.delete(sha256));
    pending.set(sha256, running);
    return running;
  };
}

async function* counted(stream: ByteStream, onBytes: (done: number) => void): ByteStream {
  let done = 0;
  for await (const piece of stream) {
    yield piece;
    done += piece.byteLength;
    onBytes(done);
  }
}
