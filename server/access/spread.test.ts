import { expect, test } from 'vitest';
import type { Fanout } from '../sync/fanout.ts';
import { concerns } from './access.ts';
import { spreadAttempts } from './spread.ts';
import { Throttle } from './throttle.ts';

/** Two ends of a wire. */
function wire(): [Fanout, Fanout] {
  const listeners: Map<string, (message: Uint8Array) => void>[] = [new Map(), new Map()];
  const end = (own: number): Fanout => ({
    publish: (channel, message) => listeners[1 - own]?.get(channel)?.(message),
    announce: async (channel, message) => {
      listeners[1 - own]?.get(channel)?.(message);
      return 1;
    },
    subscribe: async (channel, listener) => {
      listeners[own]?.set(channel, listener);
      return { end: () => listeners[own]?.delete(channel) };
    },
    lock: async () => null,
    onDoubt: () => undefined,
    close: async () => undefined,
  });
  return [end(0), end(1)];
}

test('who guesses at two servers by turns is stopped as at one', async () => {
  const clock = { now: () => 0, elapsed: () => 0 };
  const throttles = [new Throttle(clock), new Throttle(clock)] as const;
  const [here, there] = wire();
  const stops = [await spreadAttempts(throttles[0], here), await spreadAttempts(throttles[1], there)];
  const keys = new Map([['name olive', { burst: 6, everyMs: 1000 }]]);
  for (let i = 0; i < 6; i++) throttles[i % 2 === 0 ? 0 : 1].take(keys);
  for (const throttle of throttles) expect(() => throttle.take(keys)).toThrow('Too many attempts');
  throttles[0].giveBack(keys);
  throttles[1].take(keys);
  for (const throttle of throttles) expect(() => throttle.take(keys)).toThrow('Too many attempts');
  for (const { stop } of stops) stop();
});

test('a change concerns those alone whom it names', () => {
  const ada = { kind: 'user', id: 'ada', name: 'Ada', scopes: null, session: 's' } as const;
  expect(concerns('anything', ada, 'home')).toBe(true);
  expect(concerns({ workspace: 'home' }, ada, 'home')).toBe(true);
  expect(concerns({ workspace: 'elsewhere' }, ada, 'home')).toBe(false);
  expect(concerns({ user: 'ada' }, ada, 'home')).toBe(true);
  expect(concerns({ user: 'bob' }, ada, 'home')).toBe(false);
  expect(concerns({ session: 's' }, ada, 'home')).toBe(true);
  expect(concerns({ session: 't' }, ada, 'home')).toBe(false);
  const { session: _, ...keyless } = ada;
  expect(concerns({ session: 't' }, keyless, 'home')).toBe(false);
});
