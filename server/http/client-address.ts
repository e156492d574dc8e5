import type { IncomingMessage } from 'node:http';

/** This machine and private networks, where a proxy stands. */
const NEAR = /^(::ffff:)?(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)|^::1$|^f[cd]/;

/**
 * Where a request comes from. Behind a proxy that is what the proxy says last; what somebody further away says of
 * himself counts for nothing.
 */
export function clientAddress({ socket, headers }: IncomingMessage, behindProxy: boolean): string {
  const remote = socket.remoteAddress ?? '';
  const forwarded = headers['x-forwarded-for'];
  if (!behindProxy || forwarded === undefined || !NEAR.test(remote)) return remote;
  return String(forwarded).split(',').at(-1)?.trim() || remote;
}
