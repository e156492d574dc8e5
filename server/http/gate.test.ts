import { EventEmitter } from 'node:events';
import { expect, test, vi } from 'vitest';
import type { AnnealError } from '../../src/base/error.ts';
import { Addresses } from '../sync/addresses.ts';
import { Backlog } from '../sync/backlog.ts';
import { defaultSyncLimits } from '../sync/limits.ts';
import { Share } from '../sync/share.ts';
import { Turns } from '../sync/turns.ts';
import { type Asking, Line } from './line.ts';
import { recent } from './recent.ts';
import { requestLimits } from './request-limits.ts';
import { ThreadTime } from './thread-time.ts';

const rates = { bytesPerSecond: 1e9, messagesPerSecond: 1000, msPerSecond: 100, owedSeconds: 5 };

const idle = (): number => 0;

function lineOf({ limits = {}, share = new Share(rates), turns = new Turns(), busy = idle } = {}) {
  const unread = new Backlog(1000);
  const line = new Line({
    share,
    unread,
    turns,
    time: new ThreadTime(busy),
    limits: { ...requestLimits, ...limits },
  });
  const order: string[] = [];
  const rests = new Map<string, () => void>();
  const ask = (name: string, isNew = true): Asking => {
    const asking = {
      isNew,
      go: (rest: () => void) => {
        order.push(name);
        rests.set(name, rest);
      },
      refuse: (error: AnnealError) => order.push(`${name} ${error.code} ${error.data?.retryAfterSeconds}`),
    };
    line.ask(asking);
    return asking;
  };
  const rest = (name: string): void => rests.get(name)?.();
  return { unread, order, ask, rest, line };
}

test('what the thread does is charged to those for whom it works, in equal parts', () => {
  let busy = 0;
  const time = new ThreadTime(() => busy);
  const spent = { ada: 0, bob: 0 };
  const payer = (name: 'ada' | 'bob') => ({
    spend({ ms }: { readonly ms: number }): void {
      spent[name] += ms;
    },
  });
  const [ada, bob] = [payer('ada'), payer('bob')];
  busy += 1000; // for nobody
  const one = time.enter(ada);
  busy += 10;
  const other = time.enter(ada); // two requests of one are one payer
  const bobs = time.enter(bob);
  busy += 20;
  one();
  one();
  busy += 6;
  other();
  busy += 5;
  bobs();
  busy += 1000;
  time.enter(ada)();
  expect(spent).toEqual({ ada: 10 + 10 + 3, bob: 10 + 3 + 5 });
});

test('so many requests of an address are worked on at once; who rests lets the next in, and comes back first', () => {
  const { order, ask, rest } = lineOf({ limits: { atOnce: 2 } });
  for (const name of ['a', 'b', 'c', 'd']) ask(name);
  expect(order).toEqual(['a', 'b']);
  rest('a');
  expect(order).toEqual(['a', 'b', 'c']);
  ask('a again', false);
  rest('b');
  expect(order).toEqual(['a', 'b', 'c', 'a again']);
  rest('c');
  rest('c');
  expect(order).toEqual(['a', 'b', 'c', 'a again', 'd']);
});

test('an address that has used its time waits as long as it takes to have some again, and no longer than it may owe', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  try {
    let busy = 0;
    const { order, ask, rest } = lineOf({ busy: () => busy, share: new Share(rates) });
    ask('dear');
    busy += 350; // 200 are there at once, and 100 a second
    rest('dear');
    ask('late');
    expect(order).toEqual(['dear']);
    vi.advanceTimersByTime(1490);
    expect(order).toEqual(['dear']);
    vi.advanceTimersByTime(20);
    expect(order).toEqual(['dear', 'late']);
    busy += 1e9;
    rest('late');
    ask('at last');
    vi.advanceTimersByTime(3000);
    expect(order).toEqual(['dear', 'late']);
    vi.advanceTimersByTime(2000);
    expect(order).toEqual(['dear', 'late', 'at last']);
  } finally {
    vi.useRealTimers();
  }
});

test('who waits too long is refused, and told when to come again; who has gone is nobody’s turn', () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const { order, ask, rest, line } = lineOf({ limits: { atOnce: 1, waitMs: 3000 } });
    ask('slow');
    ask('first');
    const gone = ask('gone');
    line.forget(gone);
    vi.advanceTimersByTime(2000);
    ask('second');
    vi.advanceTimersByTime(1500);
    expect(order).toEqual(['slow', 'first ANN-PRO-043 3']);
    rest('slow');
    expect(order.at(-1)).toBe('second');
    rest('second');
    vi.advanceTimersByTime(10_000);
    expect(order).toHaveLength(3);
  } finally {
    vi.useRealTimers();
  }
});

test('while answers are not taken nothing new is begun, and what has begun goes on', () => {
  const { order, ask, unread } = lineOf();
  unread.add(1001);
  ask('new');
  expect(order).toEqual([]);
  ask('back', false);
  expect(order).toEqual(['back']);
  unread.takeOff(1001);
  expect(order).toEqual(['back', 'new']);
});

test('addresses have their turn one after the other, however much one asks', async () => {
  const turns = new Turns();
  const order: string[] = [];
  const line = () => lineOf({ turns, limits: { atOnce: 1 } }).line;
  const [greedy, modest] = [line(), line()];
  const asking = (name: string): Asking => ({
    isNew: true,
    go: (rest) => {
      order.push(name);
      const end = performance.now() + 3; // three of these are a round
      while (performance.now() < end);
      rest();
    },
    refuse: () => undefined,
  });
  for (let i = 0; i < 20; i++) greedy.ask(asking('greedy'));
  modest.ask(asking('modest'));
  await vi.waitUntil(() => order.length === 21, { timeout: 30_000 });
  expect(order.slice(0, 10)).toContain('modest');
});

test('what many ask for is done once', async () => {
  let [done, now] = [0, 0];
  const works = new EventEmitter();
  const ask = recent(
    async () => {
      done++;
      if (done === 1) await new Promise((resolve) => works.once('go', resolve));
      if (done === 3) throw new Error('away');
      return done;
    },
    200,
    () => now,
  );
  const all = [ask(), ask()];
  now = 1000; // it takes its time
  all.push(ask());
  works.emit('go');
  expect(await Promise.all(all)).toEqual([1, 1, 1]);
  now += 199;
  expect(await ask()).toBe(1);
  now += 1;
  expect(await ask()).toBe(2);
  now += 200;
  await expect(ask()).rejects.toThrow('away');
  await expect(ask()).rejects.toThrow('away');
  now += 200;
  expect(await ask()).toBe(4);
});

test('an address owes no more than it is told', () => {
  const addresses = new Addresses({ ...defaultSyncLimits, addressOwedSeconds: 5 });
  const held = addresses.enter('192.0.2.1');
  held?.share.spend({ ms: 1e9 });
  expect(held?.share.take(0)).toBeLessThanOrEqual(5000);
  held?.release();
  addresses.dispose();
});
