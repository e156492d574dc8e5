import type { DetailedError, UploadOptions } from 'tus-js-client';
import { type AnnealError, toAnnealError } from '../base/error.ts';
import { protocolErrors } from '../protocol/errors.ts';
import { operations } from '../protocol/http/operations.ts';
import { addressOf, errorOf, pause, type TransferOptions, type Transport } from './transport.ts';
import { fetchStack } from './tus-stack.ts';

/** Bytes that a request carries: after a cut, what was on the way is sent again, and never more than this. */
export const CHUNK_BYTES = 8 * 1024 * 1024;
/** Between tries while nothing moves; each chunk that arrives begins them anew. */
const RETRY_MS = [0, 250, 500, 1000, 2000, 2000, 4000, 4000, 8000, 8000, 15_000];
/** Somebody else sends: until he is done, or gone. */
const BUSY_MS = 1000;
/** A connection on which nothing happens for so long is given up; the server may hash for a minute at the end. */
const STALLED_MS = 120_000;

export interface UploadInput extends TransferOptions {
  readonly sha256: string;
  /** The query of the address: whose artifact it will be. */
  readonly query: Readonly<Record<string, string>>;
  /** Whose turn it is to send is kept by this name: one a tab or program. */
  readonly client: string;
  readonly chunkBytes?: number | undefined;
  /** Waits between tries while nothing moves; left out: for most of a minute. */
  readonly retryMs?: readonly number[] | undefined;
}

/**
 * Sends bytes so that they go on where they stopped: after a cut, a reload, in another tab, in a worker. The
 * address of an upload follows from the hash, so nothing is kept anywhere: the server is asked what it has.
 * Errors: those of the upload operations; unreachable once it has been tried for a minute or so; aborted.
 */
export async function sendBytes(transport: Transport, source: Blob, input: UploadInput): Promise<void> {
  const { createUpload, headUpload } = operations;
  // Only XMLHttpRequest tells how much of a body has been sent.
  const plain = typeof XMLHttpRequest === 'function' && !transport.ownFetch;
  const server = { baseUrl: transport.baseUrl || (globalThis.location?.origin ?? '') };
  for (;;) {
    const end = await sendOnce(source, {
      ...input,
      endpoint: addressOf(server, createUpload, {}, input.query),
      uploadUrl: addressOf(server, headUpload, { sha256: input.sha256 }, input.query),
      ...(plain ? {} : { httpStack: fetchStack(transport.fetch) }),
    });
    if (end === 'sent') return;
    await pause(BUSY_MS, input.signal);
  }
}

type Once = UploadInput & Pick<UploadOptions, 'endpoint' | 'uploadUrl' | 'httpStack'>;

/** `again`: somebody else sends at the moment, or nothing happened for too long. */
async function sendOnce(source: Blob, input: Once): Promise<'sent' | 'again'> {
  const { Upload } = await import('tus-js-client'); // a page that sends nothing does not load it
  const { sha256, client, signal, onProgress, chunkBytes = CHUNK_BYTES, retryMs = RETRY_MS } = input;
  const where = input.uploadUrl ?? sha256;
  return new Promise((resolve, reject) => {
    const upload = new Upload(source, {
      endpoint: input.endpoint ?? null,
      uploadUrl: input.uploadUrl ?? null,
      ...(input.httpStack === undefined ? {} : { httpStack: input.httpStack }),
      fileReader: { openFile: async () => sliced(source) },
      metadata: { sha256 },
      headers: { 'anneal-client': client },
      chunkSize: chunkBytes,
      retryDelays: [...retryMs],
      // Its own storage would need a window, and what it keeps is no more than we know.
      fingerprint: async () => sha256,
      storeFingerprintForResuming: false,
      onProgress: (bytes, total) => {
        watch();
        onProgress?.({ bytes, total });
      },
      onShouldRetry: (error) => {
        const status = error.originalResponse?.getStatus() ?? 0;
        // 429: others at this address have much to do, too.
        return status === 0 || status === 409 || status === 429 || (status >= 500 && status !== 507);
      },
      onSuccess: () => settle(() => resolve('sent')),
      onError: (error) => {
        const status = statusOf(error);
        settle(() => (status === BUSY ? resolve('again') : reject(typed(error, where))));
      },
    });
    const abort = (): void => {
      void upload.abort();
      settle(() => reject(protocolErrors.aborted({ where })));
    };
    let timer: ReturnType<typeof setTimeout> | undefined;
    let over = false;
    const watch = (): void => {
      clearTimeout(timer);
      if (over) return;
      timer = setTimeout(() => {
        void upload.abort();
        settle(() => resolve('again'));
      }, STALLED_MS);
    };
    const settle = (end: () => void): void => {
      over = true;
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      end();
    };
    if (signal?.aborted === true) return abort();
    signal?.addEventListener('abort', abort);
    watch();
    upload.start();
  });
}

const BUSY = 423;

function sliced(source: Blob) {
  return {
    size: source.size,
    slice: async (start: number, end: number) => ({
      value: source.slice(start, end),
      done: end >= source.size,
    }),
    close: () => undefined,
  };
}

function responseOf(error: Error | DetailedError) {
  return 'originalResponse' in error ? error.originalResponse : null;
}

function statusOf(error: Error | DetailedError): number {
  return responseOf(error)?.getStatus() ?? 0;
}

function typed(error: Error | DetailedError, where: string): AnnealError {
  const response = responseOf(error);
  if (response === null) {
    // What the source could not read is no fault of the network.
    return 'originalRequest' in error
      ? protocolErrors.unreachable({ where, cause: error })
      : toAnnealError(error, protocolErrors.unreachable);
  }
  const retryAfter = response.getHeader('retry-after') ?? null;
  return errorOf(response.getStatus(), parsed(response.getBody()), where, retryAfter);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
