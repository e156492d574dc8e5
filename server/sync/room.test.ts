import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { localGuest } from './guest.ts';
import { defaultSyncLimits } from './limits.ts';
import type { RoomPeer } from './room.ts';
import { Rooms } from './rooms.ts';

const name = { project: 'sample', path: 'notes.md' };

/** A disk that can be told to fail; what is on it is what was acknowledged. */
class FailingStore {
  readonly epoch = 1;
  readonly written: Uint8Array[] = [];
  broken = false;

  async write({ data }: { readonly data: Uint8Array }): Promise<{ readonly lsn: number }> {
    await null;
    if (this.broken) throw serverErrors.storeFailed();
    this.written.push(data);
    return { lsn: this.written.length };
  }

  async call(): Promise<{ snapshot: null; updates: readonly Uint8Array[]; seq: number }> {
    return { snapshot: null, updates: [...this.written], seq: this.written.length };
  }
}

function setUp() {
  const disk = new FailingStore();
  const rooms = new Rooms(disk as unknown as Store, { ...defaultSyncLimits, idleMs: 0 });
  const closed: number[] = [];
  const join = () =>
    rooms.enter(name, (room) => {
      const peer: RoomPeer = {
        guest: localGuest,
        send: () => undefined,
        probe: () => undefined,
        close: (code) => {
          closed.push(code);
          room.drop(peer);
          room.release();
        },
      };
      room.peers.add(peer);
      return { room, peer };
    });
  return { disk, rooms, closed, join };
}

function typed(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

test('when the disk fails nothing is acknowledged, all are sent away to come back, and the disk is the truth', async () => {
  const { disk, closed, join } = setUp();
  const { room, peer } = await join();
  await (await room.receive(typed('kept'), peer)).durable;
  disk.broken = true;
  const { durable } = await room.receive(typed('lost'), peer);
  await expect(durable).rejects.toMatchObject({ code: serverErrors.storeFailed.code });
  await room.closed;
  expect(closed).toEqual([4500]);
  disk.broken = false;
  const again = await join();
  expect(again.room).not.toBe(room);
  expect(again.room.doc.getText('content').toString()).toBe('kept');
});

test('who comes while a room closes gets the next one, with everything in it', async () => {
  const { join } = setUp();
  const { room, peer } = await join();
  await room.receive(typed('written in the last moment'), peer);
  const shut = room.shut(1012, 'over');
  const { room: next } = await join();
  await shut;
  expect(next).not.toBe(room);
  expect(next.doc.getText('content').toString()).toBe('written in the last moment');
});

test('while a document is moved nobody gets in', async () => {
  const { rooms, join } = setUp();
  const order: string[] = [];
  let finish = (): void => undefined;
  let moved: Promise<unknown> = Promise.resolve();
  await new Promise<void>((begun) => {
    moved = rooms.exclusive(name, 4410, 'moved', async () => {
      begun();
      await new Promise<void>((resolve) => {
        finish = resolve;
      });
      order.push('moved');
    });
  });
  const joined = join().then(() => order.push('joined'));
  finish();
  await Promise.all([moved, joined]);
  expect(order).toEqual(['moved', 'joined']);
});

test('who was admitted just before a document went is asked again, and turned away', async () => {
  const { rooms } = setUp();
  let gone = false;
  let entered = false;
  const entering = rooms.enter(
    name,
    (room) => {
      entered = true;
      room.release();
    },
    async () => {
      await new Promise((resolve) => setImmediate(resolve)); // it is moved while this is looked at
      if (gone) throw new Error('gone');
    },
  );
  const moving = rooms.exclusive(name, 4410, 'moved', async () => {
    gone = true;
  });
  await expect(entering).rejects.toThrow('gone');
  await moving;
  expect(entered).toBe(false);
  expect(rooms.size).toBe(1); // nobody is in it: it goes when it is idle
});
