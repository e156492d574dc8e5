import { createSHA256 } from 'hash-wasm';
import { AnnealError } from '../base/error.ts';
import { protocolErrors } from '../protocol/errors.ts';
import { errorOf, guarded, readJson, type TransferOptions, type Transport } from './transport.ts';

/** Between tries while nothing comes; each piece that comes begins them anew. */
const RETRY_MS = [0, 500, 2000, 5000];

type Bytes = ReadableStream<Uint8Array<ArrayBuffer>>;

/**
 * The bytes at an address, going on where a connection broke. The stream fails at its end where they are not
 * those of the hash.
 */
export async function openDownload(
  transport: Transport,
  address: string,
  sha256: string,
  options: TransferOptions,
): Promise<Bytes> {
  const { signal, onProgress } = options;
  const hash = await createSHA256();
  const first = await request(transport, address, sha256, 0, signal);
  const { total } = first;
  let reader = first.body.getReader();
  let bytes = 0;
  let tries = 0;
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
  const again = async (error: unknown): ReturnType<typeof reopen> => {
    const cut = error instanceof AnnealError && error.code === protocolErrors.unreachable.code;
    const wait = RETRY_MS[tries++];
    if (!cut || wait === undefined || total === null) throw error;
    await new Promise((resolve) => setTimeout(resolve, wait));
    return reopen().catch(again);
  };
  const reopen = async () => (await request(transport, address, sha256, bytes, signal)).body.getReader();
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
  if (!response.ok) throw errorOf(response.status, await readJson(response), address);
  if (response.body === null || (from > 0 && response.status !== 206))
    throw protocolErrors.badResponse({ where: address });
  const length = response.headers.get('content-length');
  return { body: response.body, total: length === null ? null : from + Number(length) };
}
