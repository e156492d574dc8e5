import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Room } from './room.ts';
import { RoomCache } from './room-cache.ts';

let opened: string[] = [];
let closed: string[] = [];
beforeEach(() => {
  vi.useFakeTimers();
  opened = [];
  closed = [];
});
afterEach(() => vi.useRealTimers());

const cache = () =>
  new RoomCache(async (project, path) => {
    const name = `${project}/${path}`;
    opened.push(name);
    return { dispose: () => closed.push(name) } as unknown as Room;
  });

test('one room however many use it; it stays a while after the last', async () => {
  const rooms = cache();
  const [a, b] = [rooms.use('p', 'x'), rooms.use('p', 'x')];
  expect(await a.room).toBe(await b.room);
  a.release();
  a.release(); // twice counts once
  await vi.advanceTimersByTimeAsync(60_000);
  expect(closed).toEqual([]);
  b.release();
  await vi.advanceTimersByTimeAsync(5_000);
  const c = rooms.use('p', 'x');
  await vi.advanceTimersByTimeAsync(60_000);
  expect(opened).toEqual(['p/x']);
  c.release();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(closed).toEqual(['p/x']);
  rooms.use('p', 'x');
  expect(opened).toEqual(['p/x', 'p/x']);
});

test('a room that could not be opened is tried again by the next use', async () => {
  let attempts = 0;
  const rooms = new RoomCache(async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('no');
    return { dispose: () => undefined } as unknown as Room;
  });
  await expect(rooms.use('p', 'x').room).rejects.toThrow('no');
  await expect(rooms.use('p', 'x').room).resolves.toBeDefined();
});
