import { createHash } from 'node:crypto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { protocolErrors } from '../protocol/errors.ts';
import { createArtifactClient } from './artifacts.ts';

const TEXT = 'the bytes that somebody wants';
const SHA256 = createHash('sha256').update(TEXT).digest('hex');

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }));
afterEach(() => void vi.useRealTimers());

/** Answers one after another; what is asked for is kept. */
function world(answers: readonly (() => Response)[]) {
  const asked: (string | null)[] = [];
  const left = [...answers];
  const answer: typeof fetch = async (_address, init) => {
    asked.push(new Headers(init?.headers).get('range'));
    return left.shift()?.() ?? expect.fail('it asked too often');
  };
  const client = createArtifactClient({ baseUrl: '', fetch: answer, timeoutMs: 1000, ownFetch: true });
  return { client, asked };
}

const busy = (seconds: number) => (): Response =>
  Response.json(protocolErrors.tooManyRequests({ data: { retryAfterSeconds: seconds } }), { status: 429 });
const whole = (): Response => new Response(TEXT, { headers: { 'content-length': `${TEXT.length}` } });
/** Sends some, and is cut. */
const cut = (): Response => {
  const pieces = [new TextEncoder().encode(TEXT.slice(0, 9))];
  const body = new ReadableStream({
    pull(controller) {
      const piece = pieces.shift();
      if (piece === undefined) controller.error(new TypeError('the line is gone'));
      else controller.enqueue(piece);
    },
  });
  return new Response(body, { headers: { 'content-length': `${TEXT.length}` } });
};
const rest = (): Response =>
  new Response(TEXT.slice(9), { status: 206, headers: { 'content-length': `${TEXT.length - 9}` } });

/** Until it waits for something. */
async function waiting(): Promise<void> {
  while (vi.getTimerCount() === 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Passes the time for which it waits, and not a moment less. */
async function wait(ms: number): Promise<void> {
  await waiting();
  await vi.advanceTimersByTimeAsync(ms - 1);
  expect(vi.getTimerCount()).toBe(1);
  await vi.advanceTimersByTimeAsync(1);
}

test('a server with too much to do is asked again when it said, and not before', async () => {
  const { client, asked } = world([busy(20), whole]);
  const got = client.download(SHA256).then((blob) => blob.text());
  await wait(20_000);
  expect(await got).toBe(TEXT);
  expect(asked).toEqual([null, null]);
});

test('also where it goes on after a cut, from where it stopped', async () => {
  const { client, asked } = world([cut, busy(7), busy(0), rest]);
  const got = client.download(SHA256).then((blob) => blob.text());
  await waiting();
  await vi.advanceTimersByTimeAsync(0); // after a cut it is tried at once
  await wait(7_000);
  await wait(2_000);
  expect(await got).toBe(TEXT);
  expect(asked).toEqual([null, 'bytes=9-', 'bytes=9-', 'bytes=9-']);
});

test('who waits can stop, and does not wait for ever', async () => {
  const stopped = new AbortController();
  const one = world([busy(20)]);
  const first = expect(one.client.download(SHA256, { signal: stopped.signal })).rejects.toMatchObject({
    code: 'ANN-PRO-022',
  });
  await waiting();
  stopped.abort();
  await first;
  expect(vi.getTimerCount()).toBe(0);
  const other = world([busy(9), busy(9), busy(9), busy(9), busy(9)]);
  const second = expect(other.client.download(SHA256)).rejects.toMatchObject({ code: 'ANN-PRO-043' });
  for (let tries = 0; tries < 4; tries++) await wait(9_000);
  await second;
});

test('an answer without a body, as to HEAD, says by its header how long to wait', async () => {
  const { client } = world([() => new Response(null, { status: 429, headers: { 'retry-after': '12' } })]);
  await expect(client.size(SHA256)).rejects.toMatchObject({
    code: 'ANN-PRO-043',
    data: { retryAfterSeconds: 12 },
  });
});
