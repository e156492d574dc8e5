import { protocolErrors } from '../protocol/errors.ts';
import { guarded, readJson, type TransferOptions, type Transport } from './transport.ts';

export interface UploadAnswer {
  readonly status: number;
  readonly value: unknown;
}

const PART_BYTES = 256 * 1024;

/**
 * PUTs bytes. Browsers tell how far an upload is only through XMLHttpRequest (streams as request bodies need
 * HTTP/2); elsewhere the body is a stream whose reading is counted.
 */
export function sendBytes(
  transport: Transport,
  address: string,
  source: Blob,
  options: TransferOptions,
): Promise<UploadAnswer> {
  if (typeof XMLHttpRequest === 'function') return sendByRequest(address, source, options);
  return sendByStream(transport, address, source, options);
}

function sendByRequest(
  address: string,
  source: Blob,
  { signal, onProgress }: TransferOptions,
): Promise<UploadAnswer> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(protocolErrors.aborted({ where: address }));
    const request = new XMLHttpRequest();
    const abort = (): void => request.abort();
    signal?.addEventListener('abort', abort);
    request.open('PUT', address);
    request.setRequestHeader('content-type', 'application/octet-stream');
    request.upload.onprogress = ({ loaded }) => onProgress?.({ bytes: loaded, total: source.size });
    request.onload = () => resolve({ status: request.status, value: parseJson(request.responseText) });
    request.onabort = () => reject(protocolErrors.aborted({ where: address }));
    request.onerror = () => reject(protocolErrors.unreachable({ where: address }));
    request.onloadend = () => signal?.removeEventListener('abort', abort);
    request.send(source);
  });
}

async function sendByStream(
  transport: Transport,
  address: string,
  source: Blob,
  { signal, onProgress }: TransferOptions,
): Promise<UploadAnswer> {
  let bytes = 0;
  const parts = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const part = new Uint8Array(await source.slice(bytes, bytes + PART_BYTES).arrayBuffer());
      if (part.length > 0) controller.enqueue(part);
      bytes += part.length;
      onProgress?.({ bytes, total: source.size });
      if (bytes >= source.size) controller.close();
    },
  });
  // `duplex` is required with a stream and missing in TypeScript's types of the DOM.
  const init: RequestInit & { duplex: 'half' } = {
    method: 'PUT',
    body: parts,
    duplex: 'half',
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(source.size) },
    ...(signal === undefined ? {} : { signal }),
  };
  return guarded(address, signal, async () => {
    const response = await transport.fetch(address, init);
    return { status: response.status, value: await readJson(response) };
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
