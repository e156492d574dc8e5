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
