import type { IncomingMessage } from 'node:http';

/** This machine and private networks, where a proxy stands. */
const NEAR = /^(::ffff:)?(127\.|10\.|192\.168\.|172\.(1[6-9]|2\d|3[01])\.)|^::1$|^f[cd]/;

/** Whether a proxy may be at the other end, through which many come. */
export function isNear(address: string): boolean {
  return NEAR.test(address);
}

/**
 * Where a request comes from. Behind a proxy that is what the proxy says last; what somebody further away says of
 * himself counts for nothing.
 */
export function clientAddress({ socket, headers }: IncomingMessage, behindProxy: boolean): string {
  const remote = socket.remoteAddress ?? '';
  const forwarded = headers['x-forwarded-for'];
  if (!behindProxy || forwarded === undefined || !isNear(remote)) return remote;
  return String(forwarded).split(',').at(-1)?.trim() || remote;
}

/** An IPv6 network of 64 bits is one household, whose machines change their addresses as they like. */
export function networkOf(ip: string): string {
  const plain = ip.replace(/^::ffff:(?=\d+\.)/i, '').replace(/%.*$/, '');
  if (!plain.includes(':')) return plain;
  const [head = '', tail] = plain.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const gap = Array.from({ length: Math.max(0, 8 - left.length - right.length) }, () => '0');
  return [...left, ...gap, ...right].slice(0, 4).join(':');
}
