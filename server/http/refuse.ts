import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { AnnealError } from '../../src/base/error.ts';
import { protocolErrors, statusOfCode } from '../../src/protocol/errors.ts';
import { commonHeaders, dataPolicy } from './headers.ts';

/** Answers a request that never gets as far as a route. */
export function refuse(response: ServerResponse, error: AnnealError, request: IncomingMessage): void {
  const body = JSON.stringify(error);
  const wait = error.data?.retryAfterSeconds;
  if (typeof wait === 'number') response.setHeader('retry-after', wait);
  response.writeHead(statusOfCode(error.code), {
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'content-security-policy': dataPolicy,
    connection: 'close',
  });
  response.end(request.method === 'HEAD' ? undefined : body);
}

/** Answers where there is only a socket: an upgrade that is refused, bytes that are no HTTP. */
export function refuseSocket(socket: Duplex, error: AnnealError, status = statusOfCode(error.code)): void {
  if (socket.destroyed || !socket.writable) return;
  const body = JSON.stringify(error);
  const headers: Record<string, string | number> = {
    ...commonHeaders,
    'content-security-policy': dataPolicy,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  };
  const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\n${head.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}

/** What Node's parser could not read. */
export function refuseBytes(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === 'ECONNRESET') return;
  const refusal = (message: string): AnnealError =>
    protocolErrors.badRequest({ message, where: 'the head of the request' });
  if (error.code === 'HPE_HEADER_OVERFLOW')
    refuseSocket(socket, refusal('The head of the request is too long'), 431);
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    refuseSocket(socket, refusal('The head of the request did not come in time'), 408);
  else refuseSocket(socket, refusal('This is no HTTP that the server reads'));
}
