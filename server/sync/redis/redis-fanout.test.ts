import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { serverErrors } from '../../errors.ts';
import { REDIS_MISSING, startRedis, type TestRedis } from '../../testing/redis.ts';
import { RedisFanout } from './redis-fanout.ts';

let redis: TestRedis | null = null;
beforeAll(async () => {
  redis = await startRedis();
}, 60_000);
afterAll(() => redis?.stop(), 60_000);

let names = 0;

async function servers(url: string, count: number, namespace = `test${++names}`): Promise<RedisFanout[]> {
  const made = await Promise.all(Array.from({ length: count }, () => RedisFanout.open(url, namespace)));
  for (const one of made) onTestFinished(() => one.close());
  return made;
}

/** What a server hears on a channel, to be awaited message by message. */
function ear() {
  const heard: number[][] = [];
  const waiting: (() => void)[] = [];
  return {
    heard,
    listen: (message: Uint8Array): void => {
      heard.push([...message]);
      for (const wake of waiting.splice(0)) wake();
    },
    async until(count: number): Promise<number[][]> {
      while (heard.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
      return heard;
    },
  };
}

test('others hear what a server says, byte for byte, and it does not hear itself', async ({ skip }) => {
  if (redis === null) return skip(REDIS_MISSING);
  const [a, b, c] = await servers(redis.url, 3);
  const ears = [ear(), ear(), ear()] as const;
  await Promise.all(
    [a, b, c].map((server, i) => server?.subscribe('room', ears[i]?.listen ?? (() => undefined))),
  );
  expect(await a?.announce('room', Uint8Array.of(0, 255, 13, 10))).toBe(2);
  expect(await b?.announce('room', Uint8Array.of(1))).toBe(2);
  expect(await ears[2].until(2)).toEqual([[0, 255, 13, 10], [1]]);
  expect(await ears[0].until(1)).toEqual([[1]]);
  expect(await ears[1].until(1)).toEqual([[0, 255, 13, 10]]);
});

test('servers of another database hear nothing', async ({ skip }) => {
  if (redis === null) return skip(REDIS_MISSING);
  const [a] = await servers(redis.url, 1);
  const [other] = await servers(redis.url, 1);
  await other?.subscribe('room', () => undefined);
  expect(await a?.announce('room', Uint8Array.of(1))).toBe(0);
});

test('a name is held by one server until it is let go, or its time is over', async ({ skip }) => {
  if (redis === null) return skip(REDIS_MISSING);
  const [a, b] = await servers(redis.url, 2);
  const held = await a?.lock('file', 60_000);
  expect(await b?.lock('file', 60_000)).toBeNull();
  expect(await b?.lock('another file', 60_000)).not.toBeNull();
  await held?.release();
  const second = await b?.lock('file', 1);
  expect(second).not.toBeNull();
  await expect.poll(() => a?.lock('file', 60_000)).not.toBeNull();
  await second?.release(); // too late: it is another's now
  expect(await b?.lock('file', 60_000)).toBeNull();
});

test('when Redis ends and comes back, servers hear one another again', async ({ skip }) => {
  const own = await startRedis();
  if (own === null) return skip(REDIS_MISSING);
  onTestFinished(() => own.stop());
  const [a, b] = await servers(own.url, 2);
  const hears = ear();
  await b?.subscribe('room', hears.listen);
  await own.crash();
  const code = serverErrors.redisUnreachable.code;
  await expect.poll(() => a?.announce('room', Uint8Array.of(1)).catch((error) => error.code)).toBe(code);
  await expect(a?.lock('file', 1_000)).rejects.toMatchObject({ code });
  a?.publish('room', Uint8Array.of(2)); // lost, and nothing fails
  await b?.subscribe('another room', hears.listen); // does not wait for ever
  await own.start();
  const both = async (): Promise<number[]> =>
    Promise.all(
      ['room', 'another room'].map((room) => a?.announce(room, Uint8Array.of(3)).catch(() => 0) ?? 0),
    );
  await expect.poll(both, { timeout: 20_000 }).toEqual([1, 1]);
  expect(await hears.until(2)).toContainEqual([3]);
});

test('an address where nothing answers, or that is none, is told with what to do', async () => {
  for (const url of ['redis://127.0.0.1:1', 'nonsense']) {
    await expect(RedisFanout.open(url, 'x')).rejects.toMatchObject({
      code: serverErrors.redisUnreachable.code,
    });
  }
});
