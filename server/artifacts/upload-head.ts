import type { IncomingMessage } from 'node:http';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { sha256Schema } from '../../src/protocol/names.ts';

const CLIENT_HEADER = 'anneal-client';

/** What the head of a POST says of the upload that it begins. Errors: badRequest. */
export function announcedUpload({ headers }: IncomingMessage): {
  readonly sha256: string;
  readonly bytes: number;
} {
  const length = String(headers['upload-length'] ?? '');
  if (!/^\d{1,15}$/.test(length)) throw bad('Upload-Length', 'Upload-Length says how many bytes will come');
  const sha256 = sha256Schema.safeParse(metadata(String(headers['upload-metadata'] ?? '')).get('sha256'));
  if (!sha256.success) throw bad('Upload-Metadata', 'Upload-Metadata says the sha256 of the bytes');
  return { sha256: sha256.data, bytes: Number(length) };
}

/** What tus reads of a PATCH. It answers anything odd in the others in its own words. */
const PATCH_HEADERS: ReadonlySet<string> = new Set([
  'content-length',
  'content-type',
  'host',
  'transfer-encoding',
  'tus-resumable',
  'upload-offset',
]);

/** Checks the head of a PATCH and leaves nothing in it but what tus needs. Errors: badRequest. */
export function bareHead(request: IncomingMessage): void {
  const { headers, rawHeaders } = request;
  for (const [name, form, message] of [
    ['tus-resumable', /^1\.0\.0$/, 'Tus-Resumable says 1.0.0'],
    ['content-type', /^application\/offset\+octet-stream$/, 'Content-Type is application/offset+octet-stream'],
    ['upload-offset', /^(0|[1-9]\d{0,14})$/, 'Upload-Offset says where the bytes belong'],
  ] as const) {
    if (!form.test(headers[name]?.toString() ?? '')) throw bad(name, message);
  }
  for (const name of Object.keys(headers)) if (!PATCH_HEADERS.has(name)) delete headers[name];
  const kept = rawHeaders.filter((_, i) => PATCH_HEADERS.has((rawHeaders[i - (i % 2)] ?? '').toLowerCase()));
  rawHeaders.splice(0, rawHeaders.length, ...kept);
}

/** Who sends: a tab or program says it of itself, so that it may go on at once after a cut; others by connection. */
export function clientOf({ headers, socket }: IncomingMessage): string {
  const said = headers[CLIENT_HEADER];
  if (typeof said === 'string' && /^[\w-]{8,64}$/.test(said)) return said;
  return `${socket.remoteAddress}:${socket.remotePort}`;
}

function metadata(header: string): Map<string, string> {
  return new Map(
    header.split(',').map((pair) => {
      const [name = '', value = ''] = pair.trim().split(' ');
      return [name, Buffer.from(value, 'base64').toString('utf8')];
    }),
  );
}

function bad(where: string, message: string) {
  return protocolErrors.badRequest({ where, message });
}
