import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import { defineErrors } from '../base/error.ts';
import { defineCalls, noEvents } from '../protocol/calls.ts';
import { connect, type Endpoint, type Handlers, serve } from './channel.ts';

const errors = defineErrors('TST', {
  full: { number: 1, title: 'The disk is full', fix: 'Free some space.' },
});

const calls = defineCalls({
  add: { input: z.object({ a: z.number(), b: z.number() }), event: noEvents, output: z.number() },
  count: { input: z.number(), event: z.number(), output: z.null() },
  fail: { input: z.string(), event: noEvents, output: z.null() },
  wait: { input: z.null(), event: z.literal('started'), output: z.null() },
  reverse: { input: z.instanceof(Uint8Array), event: noEvents, output: z.instanceof(Uint8Array) },
  lie: { input: z.null(), event: noEvents, output: z.number() },
});

const open: MessagePort[] = [];
afterEach(() => {
  for (const port of open.splice(0)) port.close();
});

function pair(handlers: Partial<Handlers<typeof calls>> = {}) {
  const { port1, port2 } = new MessageChannel();
  open.push(port1, port2);
  const aborted: string[] = [];
  serve(port2 as unknown as Endpoint, calls, {
    add: ({ a, b }) => a + b,
    count: (n, { emit }) => {
      for (let i = 0; i < n; i++) emit(i);
      return null;
    },
    fail: (kind) => {
      throw kind === 'typed' ? errors.full({ where: 'model.safetensors' }) : new Error('boom');
    },
    wait: (_, { signal, emit }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted.push('wait');
          reject(new Error('aborted'));
        });
        emit('started');
      }),
    reverse: (bytes, { transfer }) => {
      const output = bytes.toReversed();
      transfer(output.buffer);
      return output;
    },
    lie: () => 'no number' as unknown as number,
    ...handlers,
  });
  return { client: connect(port1 as unknown as Endpoint, calls), raw: port1, aborted };
}

test('a call answers', async () => {
  expect(await pair().client.call('add', { a: 1, b: 2 })).toBe(3);
});

test('events arrive in order, before the answer', async () => {
  const seen: number[] = [];
  await pair().client.call('count', 50, { onEvent: (n) => seen.push(n) });
  expect(seen).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test('an error crosses with its facts; what is no AnnealError gets a code', async () => {
  const { client } = pair();
  await expect(client.call('fail', 'typed')).rejects.toMatchObject({
    code: 'ANN-TST-001',
    where: 'model.safetensors',
    fix: 'Free some space.',
  });
  await expect(client.call('fail', 'other')).rejects.toMatchObject({
    code: 'ANN-WRK-005',
    message: expect.stringContaining('boom'),
  });
});

test('aborting rejects at once and reaches the handler', async () => {
  const { client, aborted } = pair();
  const controller = new AbortController();
  const call = client.call('wait', null, {
    signal: controller.signal,
    onEvent: () => controller.abort(),
  });
  await expect(call).rejects.toMatchObject({ code: 'ANN-WRK-004' });
  await client.call('add', { a: 0, b: 0 }); // the abort was posted before this
  expect(aborted).toEqual(['wait']);
});

test('buffers move', async () => {
  const bytes = new Uint8Array([1, 2, 3]);
  const answer = await pair().client.call('reverse', bytes, { transfer: [bytes.buffer] });
  expect([...answer]).toEqual([3, 2, 1]);
  expect(bytes.byteLength).toBe(0);
});

test('both sides check what they receive', async () => {
  const { client } = pair();
  const wrong = { a: 1, b: 'two' } as unknown as { a: number; b: number };
  await expect(client.call('add', wrong)).rejects.toMatchObject({ code: 'ANN-WRK-001', where: 'add' });
  await expect(client.call('lie', null)).rejects.toMatchObject({ code: 'ANN-WRK-001', where: 'lie' });
  await expect(client.call('add', (() => 0) as never)).rejects.toMatchObject({ code: 'ANN-WRK-001' });
  expect(await client.call('add', { a: 1, b: 1 })).toBe(2);
});

test('what is not of the protocol is passed over by the worker', async () => {
  const { client, raw } = pair();
  raw.postMessage({ cmd: 'from a library' });
  raw.postMessage({ kind: 'call', id: 900, name: 'toString', input: null });
  expect(await client.call('add', { a: 2, b: 2 })).toBe(4);
});

test('closing rejects what is pending and what comes after', async () => {
  const { client } = pair();
  const call = client.call('wait', null, { onEvent: () => client.close() });
  await expect(call).rejects.toMatchObject({ code: 'ANN-WRK-003' });
  await expect(client.call('add', { a: 1, b: 1 })).rejects.toMatchObject({ code: 'ANN-WRK-003' });
});
