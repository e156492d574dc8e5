import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { onWire, step2Frame } from './frames.ts';
import { localGuest } from './guest.ts';
import { defaultSyncLimits } from './limits.ts';
import { noMetrics } from './metrics.ts';
import { Outlet } from './outlet.ts';
import { Turns } from './turns.ts';

function outlet() {
  const written: Buffer[] = [];
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk);
      done();
    },
  });
  const socket = { readyState: WebSocket.OPEN, OPEN: WebSocket.OPEN, bufferedAmount: 0 };
  const parts = {
    stream,
    guest: localGuest,
    limits: defaultSyncLimits,
    turns: new Turns(),
    shares: [],
    metrics: noMetrics,
  };
  return { written, out: new Outlet(socket as unknown as WebSocket, parts, () => undefined) };
}

test.each([1, 60_000, 70_000, 5_000_000])('an answer of %i bytes is one message on the wire', (length) => {
  const { written, out } = outlet();
  const update = new Uint8Array(length).fill(3);
  out.answer(update);
  expect(Buffer.concat(written).equals(onWire(step2Frame(update)))).toBe(true);
});

test('a whole document goes to all who ask for it without a copy for each', () => {
  const { written, out } = outlet();
  const update = new Uint8Array(5_000_000);
  out.answer(update);
  expect(written.some(({ buffer }) => buffer === update.buffer)).toBe(true);
});
