import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { CloseCode } from '../../src/protocol/sync.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { Sluice } from './sluice.ts';
import { Turns } from './turns.ts';

const WORK_MS = 4;

/** Keeps the thread for so long, as unmasking a long frame does. */
function work(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

function socketOn(stream: Duplex) {
  let isPaused = false;
  return {
    get isPaused(): boolean {
      return isPaused;
    },
    pause(): void {
      isPaused = true;
      stream.pause();
    },
    resume(): void {
      isPaused = false;
      stream.resume();
    },
  };
}

const free = (): undefined => undefined;

test('what many sockets bring at once is read in turns, and nobody is held up for longer than one', async () => {
  const turns = new Turns();
  let read = 0;
  const streams = Array.from({ length: 12 }, () => {
    const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
    stream.on('data', () => {
      read++;
      work(WORK_MS);
    });
    new Sluice({ socket: socketOn(stream), stream, turns, spend: free, heard: free });
    return stream;
  });
  for (const stream of streams) for (let i = 0; i < 4; i++) stream.write(Buffer.alloc(10_000));
  const atOnce: number[] = [];
  for (let before = 0; read < 48; before = read) {
    await turn();
    atOnce.push(read - before);
  }
  // A turn of the loop has a round of 8 ms, which one more part may have begun within, before and after this look.
  expect(Math.max(...atOnce)).toBeLessThanOrEqual(6);
  expect(read).toBe(48);
});

test('every byte arrives, in order, and the end after all of them', async () => {
  const seed = Date.now() % 2 ** 31;
  const random = new Random(seed);
  const turns = new Turns();
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
  const socket = socketOn(stream);
  const came: Buffer[] = [];
  let wasSlow = 0;
  stream.on('data', (part: Buffer) => {
    came.push(Buffer.from(part));
    if (random.below(4) === 0) work(3);
    if (random.below(8) !== 0) return;
    wasSlow++;
    socket.pause(); // as where its frames have to wait
    setImmediate(() => socket.resume());
  });
  let atEnd = -1;
  stream.on('end', () => {
    atEnd = came.reduce((sum, { length }) => sum + length, 0);
  });
  new Sluice({ socket, stream, turns, spend: free, heard: free });
  const sent = Array.from({ length: 60 }, () =>
    Buffer.from(Array.from({ length: 1 + random.below(50_000) }, () => random.below(256))),
  );
  for (const chunk of sent) {
    stream.write(chunk);
    if (random.below(3) === 0) await turn();
  }
  const ended = once(stream, 'end');
  stream.end();
  await ended;
  expect(Buffer.concat(came).equals(Buffer.concat(sent)), `seed ${seed}`).toBe(true);
  expect(atEnd, `seed ${seed}`).toBe(Buffer.concat(sent).length);
  expect(wasSlow, `seed ${seed}`).toBeGreaterThan(0);
});

test.each([
  ['waits for its turn', false],
  ['waits for its turn, also where its frames had to wait and are read on', true],
])('nothing more is taken from the system while what has come %s', async (_, hasToWait) => {
  const turns = new Turns();
  let asked = 0;
  const stream = new Duplex({
    highWaterMark: 64 * 1024,
    read() {
      asked++;
      setImmediate(() => this.push(Buffer.alloc(64 * 1024)));
    },
    write: (_chunk, _encoding, done) => done(),
  });
  const socket = socketOn(stream);
  let read = 0;
  stream.on('data', () => {
    read++;
    work(10); // a round by itself
    if (!hasToWait) return;
    socket.pause();
    setImmediate(() => socket.resume());
  });
  new Sluice({ socket, stream, turns, spend: free, heard: free });
  while (read < 24) await turn();
  // In parts of 16 KiB; one chunk may wait in the stream, and one be on its way.
  expect(asked).toBeLessThanOrEqual(read / 4 + 3);
  stream.destroy();
});

test('what comes in small pieces is read on, also where ws has stopped it for a frame that it refused', async () => {
  const stream = new PassThrough();
  let read = 0;
  stream.on('data', (part: Buffer) => {
    read += part.length;
    stream.pause();
  });
  new Sluice({ socket: socketOn(stream), stream, turns: new Turns(), spend: free, heard: free });
  for (let i = 1; i <= 3; i++) {
    stream.write(Buffer.alloc(1_000));
    await expect.poll(() => read).toBe(1_000 * i);
  }
});

test('of a frame that is too long the rest is read and thrown away, and the socket ends as it should', async () => {
  const { url } = await testServer({ limits: { messageBytes: 10_000 } });
  const editor = await join(url, 'notes.md');
  const { promise: ended, resolve } = Promise.withResolvers<boolean>();
  const { _socket: stream } = editor.socket as unknown as { readonly _socket: Duplex };
  stream.once('error', () => resolve(false)); // it was cut off while it sent
  stream.once('close', () => resolve(true));
  // More than the system takes by itself, and read long before the server waits no longer for its end.
  editor.socket.send(Buffer.alloc(12 * 1024 * 1024));
  expect((await editor.closed).code).toBe(CloseCode.messageTooLong);
  expect(await ended).toBe(true);
  expect(editor.socket.bufferedAmount).toBe(0); // all of it was taken
});

test('who has gone has nothing left to read, and a socket pays for what it is read for', async () => {
  const turns = new Turns();
  const stream = new PassThrough({ highWaterMark: 1024 * 1024 });
  let read = 0;
  let spent = 0;
  stream.on('data', () => {
    read++;
    work(10);
  });
  const spend = ({ ms }: { readonly ms: number }): void => {
    spent += ms;
  };
  new Sluice({ socket: socketOn(stream), stream, turns, spend, heard: free });
  stream.write(Buffer.alloc(60_000));
  while (read === 0) await turn();
  expect(read).toBeLessThan(4);
  const closed = once(stream, 'close');
  stream.destroy();
  await closed;
  const before = read;
  for (let i = 0; i < 5; i++) await turn();
  expect(read).toBe(before);
  expect(spent).toBeGreaterThanOrEqual(10 * read);
});
