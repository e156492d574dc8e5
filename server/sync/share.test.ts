import { expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { syncPath } from '../../src/protocol/sync.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { Addresses } from './addresses.ts';
import { defaultSyncLimits } from './limits.ts';
import { Share } from './share.ts';
import { Turns } from './turns.ts';

test('a share gives two seconds’ worth at once, and then so much a second', () => {
  let now = 0;
  const share = new Share({ bytesPerSecond: 1000, messagesPerSecond: 10, msPerSecond: 100 }, () => now);
  for (let i = 0; i < 20; i++) expect(share.take(10)).toBe(0);
  expect(share.take(10)).toBe(100);
  expect(share.take(10)).toBe(200);
  now += 1000;
  for (let i = 0; i < 8; i++) expect(share.take(10)).toBe(0);
  share.spend({ ms: 400 });
  now += 500;
  expect(share.take(10)).toBe(1500); // 200 + 50 - 400 = -150 ms, at 100 a second
});

test('the sockets of an address have one share, an IPv6 network is one address, and there is room for so many', () => {
  const addresses = new Addresses({ ...defaultSyncLimits, addressConnections: 2 });
  const one = addresses.enter('2001:db8:1:2::1');
  const two = addresses.enter('2001:db8:1:2:ffff::9');
  expect(one?.share).toBe(two?.share);
  expect(addresses.enter('2001:db8:1:2::3')).toBeNull();
  expect(addresses.enter('2001:db8:1:3::1')?.share).not.toBe(one?.share);
  one?.release();
  one?.release(); // twice counts once
  expect(addresses.enter('2001:db8:1:2::3')).not.toBeNull();
  expect(addresses.enter('2001:db8:1:2::3')).toBeNull();
  const plain = addresses.enter('192.0.2.7');
  expect(addresses.enter('::ffff:192.0.2.7')?.share).toBe(plain?.share);
  addresses.dispose();
});

test('everybody has a portion in turn, however much somebody has to do', () => {
  const turns = new Turns();
  const order: string[] = [];
  const worker = (name: string, portions: number) => {
    let left = portions;
    return {
      turn: () => {
        order.push(name);
        return --left > 0;
      },
    };
  };
  const [greedy, modest] = [worker('greedy', 4), worker('modest', 2)];
  const both = {
    turn: () => {
      turns.request(greedy);
      turns.request(modest);
      return false;
    },
  };
  turns.request(both);
  expect(order).toEqual(['greedy', 'modest', 'greedy', 'modest', 'greedy', 'greedy']);
});

test('a long work is done by portions, and the event loop goes on in between', async () => {
  const turns = new Turns();
  let portions = 0;
  let others = 0;
  const busy = function* (): Generator<void> {
    for (; portions < 12; portions++) {
      const end = performance.now() + 3;
      while (performance.now() < end);
      yield;
    }
  };
  const other = setInterval(() => {
    others++;
  }, 1);
  await turns.run(busy());
  clearInterval(other);
  expect(portions).toBe(12);
  expect(others).toBeGreaterThan(1);
  await expect(
    turns.run(
      (function* (): Generator<void> {
        yield;
        throw new Error('no');
      })(),
    ),
  ).rejects.toThrow('no');
});

test('who has as many sockets as an address may have gets no more, until one is gone', async () => {
  const { url } = await testServer({ limits: { addressConnections: 2 } });
  const [ada, bob] = await Promise.all([join(url, 'notes.md'), join(url, 'notes.md')]);
  const refused = await new Promise<number | undefined>((resolve) => {
    const socket = new WebSocket(`${url.replace(/^http/, 'ws')}${syncPath('sample', 'notes.md')}`);
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode));
    socket.on('error', () => undefined);
  });
  expect(refused).toBe(429);
  await ada.leave();
  // Once the server has noticed.
  const cleo = await vi.waitUntil(() => join(url, 'notes.md').catch(() => null), { timeout: 30_000 });
  cleo.text.insert(0, 'here');
  await bob.untilText('here');
});
