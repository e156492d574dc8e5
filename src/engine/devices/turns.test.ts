import { expect, test } from 'vitest';
import { Turns } from './turns.ts';

const neverFails = (cause: unknown) => {
  throw cause;
};

test('one thing runs after the other, also after one that failed', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const { promise: go, resolve } = Promise.withResolvers<void>();
  const first = turns.take(async () => {
    await go;
    seen.push('first');
    throw new Error('no');
  });
  const second = turns.take(() => seen.push('second'));
  resolve();
  await expect(first).rejects.toThrow('no');
  await second;
  expect(seen).toEqual(['first', 'second']);
});

test('what waits for idleness runs at once when nothing is under way, else behind all of it', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  turns.whenIdle(() => seen.push('at once'), neverFails);
  expect(seen).toEqual(['at once']);
  const work = turns.take(async () => seen.push('work'));
  turns.whenIdle(() => seen.push('behind'), neverFails);
  expect(seen).toEqual(['at once']);
  await work;
  await turns.take(() => undefined);
  expect(seen).toEqual(['at once', 'work', 'behind']);
  turns.whenIdle(() => seen.push('idle again'), neverFails);
  expect(seen.at(-1)).toBe('idle again');
});

test('what could not be done behind the rest is told, and is not what the next turn fails with', async () => {
  const turns = new Turns();
  const work = turns.take(async () => undefined);
  const told: unknown[] = [];
  const thrown = new Error('not freed');
  turns.whenIdle(
    () => {
      throw thrown;
    },
    (cause) => told.push(cause),
  );
  await work;
  expect(await turns.take(() => 'next')).toBe('next');
  expect(told).toEqual([thrown]);
});
