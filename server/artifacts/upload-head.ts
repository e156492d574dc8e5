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

const PATCH_HEADS = [
  ['tus-resumable', /^1\.0\.0$/, 'Tus-Resumable says 1.0.0'],
  ['content-type', /^application\/offset\+octet-stream$/, 'Content-Type is application/offset+octet-stream'],
  ['upload-offset', /^(0|[1-9]\d{0,14})$/, 'Upload-Offset says where the bytes belong'],
  ['content-length', /^\d{0,15}$/, 'Content-Length is a number'],
] as const;

/** What tus needs of the head of a PATCH, and nothing else. Errors: badRequest. */
export function patchHead({ headers }: IncomingMessage): Headers {
  const head = new Headers();
  for (const [name, form, message] of PATCH_HEADS) {
    const value = String(headers[name] ?? '');
    if (!form.test(value)) throw bad(name, message);
    if (value !== '') head.set(name, value);
  }
  return head;
}

/** Who sends: a tab or program says it of itself. Other clients of tus are taken for one by machine: they wait for nobody there. */
export function clientOf({ headers, socket }: IncomingMessage): string {
  const said = headers[CLIENT_HEADER];
  if (typeof said === 'string' && /^[\w-]{8,64}$/.test(said)) return said;
  return String(socket.remoteAddress);
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
