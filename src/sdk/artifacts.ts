import { createSHA256 } from 'hash-wasm';
import { protocolErrors } from '../protocol/errors.ts';
import type { Artifact, ArtifactUse, Collection } from '../protocol/http/artifacts.ts';
import type { BodyInputOf } from '../protocol/http/operation.ts';
import { type Operations, operations } from '../protocol/http/operations.ts';
import { openDownload } from './download.ts';
import {
  addressOf,
  type CallOptions,
  call,
  errorOf,
  guarded,
  type TransferOptions,
  type Transport,
} from './transport.ts';
import { sendBytes } from './upload.ts';

/** Whose artifacts: those of a workspace, or of that of a project; left out: of the caller's own. */
export interface Whose {
  readonly workspace?: string | undefined;
  readonly project?: string | undefined;
}

export interface ArtifactClient {
  /** The size in bytes, or null where the server does not have it. */
  size(sha256: string, options?: CallOptions & Whose): Promise<number | null>;
  /**
   * Stores bytes, going on with what was sent before; what the server has already is not sent. The hash is
   * computed here unless it is known.
   */
  upload(
    source: Blob,
    options?: TransferOptions &
      Whose & {
        readonly sha256?: string | undefined;
        readonly chunkBytes?: number | undefined;
        readonly retryMs?: readonly number[] | undefined;
      },
  ): Promise<Artifact>;
  /**
   * The bytes as they come. The stream fails with hashMismatch at its end when they were not the right ones:
   * keep nothing of them before it has ended.
   */
  open(sha256: string, options?: TransferOptions & Whose): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** The whole, verified. For what fits into memory. */
  download(sha256: string, options?: TransferOptions & Whose): Promise<Blob>;
  /** How much the artifacts of a workspace take, and may take. */
  use(workspace: string, options?: CallOptions): Promise<ArtifactUse>;
  /** Null: as much as the server's own limit allows. */
  setQuota(workspace: string, quota: number | null, options?: CallOptions): Promise<ArtifactUse>;
  /** Says what a run, or whatever else lies outside of the documents, refers to. */
  hold(project: string, holder: string, hashes: readonly string[], options?: CallOptions): Promise<void>;
  /** Removes what nothing refers to, or only says what that is. */
  collect(
    workspace: string,
    wish: BodyInputOf<Operations['collectArtifacts']>,
    options?: CallOptions,
  ): Promise<Collection>;
}

export function createArtifactClient(transport: Transport): ArtifactClient {
  const { headArtifact, getArtifact } = operations;
  const client = crypto.randomUUID();

  const size: ArtifactClient['size'] = async (sha256, { signal, ...whose } = {}) => {
    const address = addressOf(transport, headArtifact, { sha256 }, queryOf(whose));
    const deadline = AbortSignal.timeout(transport.timeoutMs);
    const response = await guarded(address, signal, () =>
      transport.fetch(address, {
        method: 'HEAD',
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      }),
    );
    if (response.status === 404) return null;
    if (!response.ok) throw errorOf(response.status, null, address, response.headers.get('retry-after'));
    return Number(response.headers.get('content-length'));
  };

  const open: ArtifactClient['open'] = (sha256, { signal, onProgress, ...whose } = {}) =>
    openDownload(transport, addressOf(transport, getArtifact, { sha256 }, queryOf(whose)), sha256, {
      signal,
      onProgress,
    });

  return {
    size,
    open,
    upload: async (source, { sha256, chunkBytes, retryMs, signal, onProgress, ...whose } = {}) => {
      const hash = sha256 ?? (await hashOf(source, signal));
      const input = { sha256: hash, query: queryOf(whose), client, chunkBytes, retryMs, signal, onProgress };
      await sendBytes(transport, source, input);
      onProgress?.({ bytes: source.size, total: source.size });
      return { sha256: hash, bytes: source.size };
    },
    download: async (sha256, options = {}) => {
      const stream = await open(sha256, options);
      return guarded(sha256, options.signal, () => new Response(stream).blob());
    },
    use: (workspace, options) =>
      call(transport, operations.artifactUse, { ...options, params: { workspace } }),
    setQuota: (workspace, quota, options) =>
      call(transport, operations.setArtifactQuota, { ...options, params: { workspace }, body: { quota } }),
    hold: async (project, holder, hashes, options) => {
      const body = { artifacts: [...hashes] };
      await call(transport, operations.holdArtifacts, { ...options, params: { project, holder }, body });
    },
    collect: (workspace, body, options) =>
      call(transport, operations.collectArtifacts, { ...options, params: { workspace }, body }),
  };
}

function queryOf({ workspace, project }: Whose): Readonly<Record<string, string>> {
  if (workspace !== undefined) return { workspace };
  return project === undefined ? {} : { project };
}

/** SHA-256 of a Blob, read in pieces. */
export async function hashOf(source: Blob, signal?: AbortSignal): Promise<string> {
  const hash = await createSHA256();
  const reader = source.stream().getReader();
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (signal?.aborted === true) {
      await reader.cancel();
      throw protocolErrors.aborted();
    }
    hash.update(part.value);
  }
  return hash.digest('hex');
}
