import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Store } from '../store/store.ts';
import { join } from '../testing/join.ts';
import { defaultSyncLimits, type SyncLimits } from './limits.ts';
import { noMetrics } from './metrics.ts';
import { Rooms } from './rooms.ts';
import { SyncSockets } from './sockets.ts';

/** A disk that takes what it is given, and says nothing until it is told to. */
class HangingStore {
  readonly epoch = 1;
  lsn = 0;
  bytes = 0;
  #waiting: (() => void)[] = [];
  #hangs = true;

  write({ data }: { readonly data: Uint8Array }): Promise<{ readonly lsn: number }> {
    this.bytes += data.length;
    return new Promise((resolve) => {
      const done = (): void => resolve({ lsn: ++this.lsn });
      if (this.#hangs) this.#waiting.push(done);
      else done();
    });
  }

  async call() {
    return { snapshot: null, updates: [], seq: 0 };
  }

  goOn(): void {
    this.#hangs = false;
    for (const done of this.#waiting.splice(0)) done();
  }
}

async function setUp(limits: Partial<SyncLimits>) {
  const disk = new HangingStore();
  const all = { ...defaultSyncLimits, queuedBytes: 10_000, ...limits };
  const rooms = new Rooms(disk as unknown as Store, all);
  const counted = { received: 0 };
  const sockets = new SyncSockets({
    rooms,
    limits: all,
    ipOf: ({ headers }) => String(headers['x-from'] ?? 'here'),
    doorkeeper: { admit: async () => null, refusal: async () => null },
    metrics: {
      ...noMetrics,
      received: (bytes) => {
        counted.received += bytes;
      },
    },
  });
  const http = createServer().listen(0, '127.0.0.1');
  http.on('upgrade', (request, socket, head) => sockets.upgrade(request, socket, head));
  await new Promise((resolve) => http.once('listening', resolve));
  onTestFinished(async () => {
    disk.goOn();
    await sockets.close();
    await rooms.close();
    http.close();
  });
  return { disk, counted, url: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

const PIECE = 10_000;
const PIECES = 150;

/** Until the server takes nothing more of it in, while it answers those from elsewhere. */
async function untilStill(url: string, counted: { readonly received: number }): Promise<void> {
  for (let last = 0, same = 0; same < 5; last = counted.received) {
    const other = await join(url, 'other.md', { headers: { 'x-from': 'elsewhere' } });
    await other.leave();
    // The other's own few bytes are counted, too.
    same = counted.received - last < 1_000 ? same + 1 : 0;
  }
}

test.each([
  ['a socket', { unwrittenBytes: 300_000 }],
  ['all sockets of an address', { addressUnwrittenBytes: 300_000 }],
])('while the disk hangs %s can fill so much memory and no more; nothing is lost', async (_, limits) => {
  const { disk, counted, url } = await setUp(limits);
  const ada = await join(url, 'notes.md');
  const pieces = Array.from({ length: PIECES }, (_, i) => String(i % 10).repeat(PIECE));
  for (const piece of pieces) ada.text.insert(ada.text.length, piece);
  // Less than it may fill is no end: then it is only read slowly.
  await expect.poll(() => disk.bytes).toBeGreaterThan(200_000);
  await untilStill(url, counted);
  expect(disk.bytes).toBeLessThan(300_000 + 2 * PIECE);
  expect(counted.received).toBeLessThan(600_000);
  disk.goOn();
  await ada.untilStored();
  const late = await join(url, 'notes.md');
  expect(late.text.toString()).toBe(pieces.join(''));
});
