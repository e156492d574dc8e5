import { createSHA256 } from 'hash-wasm';
import { protocolErrors } from '../protocol/errors.ts';
import type { Artifact } from '../protocol/http/artifacts.ts';
import { operations } from '../protocol/http/operations.ts';
import {
  addressOf,
  type CallOptions,
  errorOf,
  guarded,
  readJson,
  type TransferOptions,
  type Transport,
} from './transport.ts';
import { sendBytes } from './upload.ts';

export interface ArtifactClient {
  /** The size in bytes, or null where the server does not have it. */
  size(sha256: string, options?: CallOptions): Promise<number | null>;
  /** Stores bytes; what the server has already is not sent. The hash is computed here unless it is known. */
  upload(
    source: Blob,
    options?: TransferOptions & { readonly sha256?: string | undefined },
  ): Promise<Artifact>;
  /**
   * The bytes as they come. The stream fails with hashMismatch at its end when they were not the right ones:
   * keep nothing of them before it has ended.
   */
  open(sha256: string, options?: TransferOptions): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** The whole, verified. For what fits into memory. */
  download(sha256: string, options?: TransferOptions): Promise<Blob>;
}

export function createArtifactClient(transport: Transport): ArtifactClient {
  const { headArtifact, getArtifact, putArtifact } = operations;

  const size = async (sha256: string, { signal }: CallOptions = {}): Promise<number | null> => {
    const address = addressOf(transport, headArtifact, { sha256 });
    const deadline = AbortSignal.timeout(transport.timeoutMs);
    const response = await guarded(address, signal, () =>
      transport.fetch(address, {
        method: 'HEAD',
        signal: signal === undefined ? deadline : AbortSignal.any([signal, deadline]),
      }),
    );
    if (response.status === 404) return null;
    if (!response.ok) throw errorOf(response.status, null, address);
    return Number(response.headers.get('content-length'));
  };

  const open: ArtifactClient['open'] = async (sha256, { signal, onProgress } = {}) => {
    const address = addressOf(transport, getArtifact, { sha256 });
    const response = await guarded(address, signal, () =>
      transport.fetch(address, signal === undefined ? {} : { signal }),
    );
    if (!response.ok) throw errorOf(response.status, await readJson(response), address);
    if (response.body === null) throw protocolErrors.badResponse({ where: address });
    const length = response.headers.get('content-length');
    return verified(response.body, sha256, length === null ? null : Number(length), { signal, onProgress });
  };

  return {
    size,
    open,
    upload: async (source, { sha256, signal, onProgress } = {}) => {
      const hash = sha256 ?? (await hashOf(source, signal));
      const there = await size(hash, { signal });
      if (there !== null) {
        onProgress?.({ bytes: source.size, total: source.size });
        return { sha256: hash, bytes: there };
      }
      const address = addressOf(transport, putArtifact, { sha256: hash });
      const { status, value } = await sendBytes(transport, address, source, { signal, onProgress });
      if (status !== 200 && status !== 201) throw errorOf(status, value, address);
      const parsed = putArtifact.response.safeParse(value);
      if (!parsed.success) throw protocolErrors.badResponse({ where: address, cause: parsed.error });
      return parsed.data;
    },
    download: async (sha256, options = {}) => {
      const stream = await open(sha256, options);
      return guarded(sha256, options.signal, () => new Response(stream).blob());
    },
  };
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

/** Passes bytes on and fails at the end where they are not those of the hash, or when they stop early. */
async function verified(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  sha256: string,
  total: number | null,
  { signal, onProgress }: TransferOptions,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const hash = await createSHA256();
  const reader = body.getReader();
  let bytes = 0;
  return new ReadableStream({
    async pull(controller) {
      const part = await guarded(sha256, signal, () => reader.read());
      if (!part.done) {
        bytes += part.value.length;
        hash.update(part.value);
        onProgress?.({ bytes, total });
        controller.enqueue(part.value);
        return;
      }
      const actual = hash.digest('hex');
      if (actual !== sha256)
        throw protocolErrors.hashMismatch({ where: sha256, data: { expected: sha256, actual, bytes } });
      controller.close();
    },
    cancel: (reason) => reader.cancel(reason),
  });
}
