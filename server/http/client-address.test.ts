import type { IncomingMessage } from 'node:http';
import { expect, test } from 'vitest';
import { clientAddress, networkOf } from './client-address.ts';

test.each<[string, string | undefined, boolean, string]>([
  ['203.0.113.5', undefined, false, '203.0.113.5'],
  ['203.0.113.5', '198.51.100.1', false, '203.0.113.5'],
  ['127.0.0.1', '198.51.100.1', false, '127.0.0.1'],
  ['127.0.0.1', '198.51.100.1', true, '198.51.100.1'],
  ['::ffff:172.18.0.2', 'what the client wrote, 198.51.100.1', true, '198.51.100.1'],
  ['203.0.113.5', '198.51.100.1', true, '203.0.113.5'],
  ['127.0.0.1', undefined, true, '127.0.0.1'],
  ['127.0.0.1', '', true, '127.0.0.1'],
])('from %s, forwarded for %s, behind a proxy: %s', (remoteAddress, forwarded, behindProxy, expected) => {
  const headers = forwarded === undefined ? {} : { 'x-forwarded-for': forwarded };
  const request = { socket: { remoteAddress }, headers } as unknown as IncomingMessage;
  expect(clientAddress(request, behindProxy)).toBe(expected);
});

test('one household is one network, whatever addresses its machines take', () => {
  const one = ['2001:db8:1:2::1', '2001:db8:1:2:ffff:ffff:ffff:ffff', '2001:db8:1:2::%eth0'];
  expect(new Set(one.map(networkOf)).size).toBe(1);
  expect(networkOf('2001:db8:1:3::1')).not.toBe(networkOf('2001:db8:1:2::1'));
  expect(networkOf('::ffff:203.0.113.5')).toBe(networkOf('203.0.113.5'));
  expect(networkOf('203.0.113.6')).not.toBe(networkOf('203.0.113.5'));
});
