import { createSHA256 } from 'hash-wasm';
import { AnnealError } from '../base/error.ts';
import { protocolErrors } from '../protocol/errors.ts';
import { retryAfterMs } from '../protocol/retry-after.ts';
import { errorOf, guarded, pause, readJson, type TransferOptions, type Transport } from './transport.ts';

/** Between tries while nothing comes, or longer where the server says so; each piece that comes begins them anew. */
const RETRY_MS = [0, 500, 2000, 5000];

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * The bytes at an address, going on where a connection broke, or the server had too much to do. The stream
 * fails at its end where they are not those of the hash.
 */
export async function openDownload(
  transport: Transport,
  address: string,
  sha256: string,
  options: TransferOptions,
): Promise<Bytes> {
  const { signal, onProgress } = options;
  const hash = await createSHA256();
  let bytes = 0;
  let tries = 0;
  /** Asks, from where it stopped, as long as it is only a matter of time. */
  const open = (): ReturnType<typeof request> =>
    request(transport, address, sha256, bytes, signal).catch(async (error) => {
      if (!isCode(error, protocolErrors.tooManyRequests)) throw error;
      await rest(error);
      return open();
    });
  /** Until it is tried again. Throws what went wrong where it has been tried for long enough. */
  const rest = async (error: AnnealError): Promise<void> => {
    const wait = RETRY_MS[tries++];
    if (wait === undefined) throw error;
    await pause(Math.max(wait, retryAfterMs(error)), signal);
  };
  const first = await open();
  const { total } = first;
  let reader = first.body.getReader();
  /** The next piece, from the same connection or another one. */
  const next = async (): Promise<Uint8Array<ArrayBuffer> | null> => {
    for (;;) {
      try {
        const part = await guarded(sha256, signal, () => reader.read());
        if (!part.done) {
          tries = 0;
          return part.value;
        }
        if (total === null || bytes >= total) return null;
        throw protocolErrors.unreachable({ where: address }); // ended before its time
      } catch (error) {
        reader = await again(error);
      }
    }
  };
  const again = async (error: unknown): Promise<typeof reader> => {
    if (!isCode(error, protocolErrors.unreachable) || total === null) throw error;
    await rest(error);
    return open().then(({ body }) => body.getReader(), again);
  };
  return new ReadableStream({
    async pull(controller) {
      const part = await next();
      if (part !== null) {
        bytes += part.length;
        hash.update(part);
        onProgress?.({ bytes, total });
        controller.enqueue(part);
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

function isCode(error: unknown, { code }: { readonly code: string }): error is AnnealError {
  return error instanceof AnnealError && error.code === code;
}

async function request(
  { fetch }: Transport,
  address: string,
  sha256: string,
  from: number,
  signal: AbortSignal | undefined,
): Promise<{ readonly body: Bytes; readonly total: number | null }> {
  const init: RequestInit = {
    ...(signal === undefined ? {} : { signal }),
    ...(from === 0 ? {} : { headers: { range: `bytes=${from}-`, 'if-range': `"${sha256}"` } }),
  };
  const response = await guarded(address, signal, () => fetch(address, init));
  if (!response.ok)
    throw errorOf(response.status, await readJson(response), address, response.headers.get('retry-after'));
  if (response.body === null || (from > 0 && response.status !== 206))
    throw protocolErrors.badResponse({ where: address });
  const length = response.headers.get('content-length');
  return { body: response.body, total: length === null ? null : from + Number(length) };
}
