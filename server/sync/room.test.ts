import * as encoding from 'lib0/encoding';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { CloseCode } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { StoredDocument } from '../store/requests/documents.ts';
import type { Store } from '../store/store.ts';
import { localGuest } from './guest.ts';
import { defaultSyncLimits, type SyncLimits } from './limits.ts';
import type { RoomPeer } from './room-parts.ts';
import { Rooms } from './rooms.ts';
import { MissingParts, OutOfOrder } from './update-checks.ts';

const name = { project: 'sample', path: 'notes.md' };

/** A disk that can be told to fail; what is on it is what was acknowledged. */
class FailingStore {
  readonly epoch = 1;
  readonly written: Uint8Array[] = [];
  broken = false;

  async write(...unit: readonly { readonly data: Uint8Array }[]): Promise<{ readonly lsn: number }> {
    await null;
    if (this.broken) throw serverErrors.storeFailed();
    this.written.push(...unit.map(({ data }) => data));
    return { lsn: this.written.length };
  }

  async call(): Promise<StoredDocument> {
    return { snapshot: null, updates: [...this.written], seq: this.written.length, generation: 1 };
  }
}

function setUp(limits: Partial<SyncLimits> = {}) {
  const disk = new FailingStore();
  const rooms = new Rooms(disk as unknown as Store, { ...defaultSyncLimits, idleMs: 0, ...limits });
  const closed: number[] = [];
  const join = () =>
    rooms.enter(name, (room) => {
      const peer: RoomPeer = {
        guest: localGuest,
        address: {},
        spend: () => undefined,
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

/** What an author sends who writes these letters one after the other. */
function updatesOf(letters: string): Uint8Array[] {
  const author = new Y.Doc();
  const updates: Uint8Array[] = [];
  author.on('update', (update: Uint8Array) => updates.push(update));
  for (const letter of letters) author.getText('content').insert(author.getText('content').length, letter);
  return updates;
}

test('what builds on what nobody has is neither kept nor told, and taken in with what it builds on', async () => {
  const { disk, join } = setUp();
  const { room, peer } = await join();
  const [first = new Uint8Array(), second = new Uint8Array()] = updatesOf('ab');
  expect(() => room.receive(second, peer)).toThrow(OutOfOrder);
  expect(room.doc.store.pendingStructs).toBeNull();
  expect(disk.written).toEqual([]);
  // Who has heard of it, and cannot place it either, says so in every answer to the server's question.
  const other = new Y.Doc();
  other.getText('content').insert(0, 'own ');
  Y.applyUpdate(other, second);
  await (await room.receive(Y.encodeStateAsUpdate(other), peer, undefined, true)).durable;
  expect(room.doc.getText('content').toString()).toBe('own ');
  expect(room.doc.store.pendingStructs).toBeNull();
  for (const update of [first, second]) await (await room.receive(update, peer)).durable;
  expect([...room.doc.getText('content').toString()].sort().join('')).toBe(' abnow');
  const reloaded = new Y.Doc();
  for (const update of disk.written) Y.applyUpdate(reloaded, update);
  expect(reloaded.getText('content').toString()).toBe(room.doc.getText('content').toString());
});

test('where a commit failed and the next one did not, what waits for it is let go of, and comes again', async () => {
  const { disk, join } = setUp();
  const [first = new Uint8Array(), second = new Uint8Array()] = updatesOf('ab');
  disk.written.push(typed('kept '), second);
  const { room, peer } = await join();
  expect(room.doc.store.pendingStructs).toBeNull();
  const reader = new Y.Doc();
  Y.applyUpdate(reader, room.missingFrom(Uint8Array.of(0)));
  expect(reader.store.pendingStructs).toBeNull();
  for (const update of [first, second]) await (await room.receive(update, peer)).durable;
  expect(room.doc.getText('content').toString()).toHaveLength('kept ab'.length);
});

test("what another server said too early waits, is nobody's before it takes effect, and then everybody's", async () => {
  const { join } = setUp();
  const { room, peer } = await join();
  await (await room.receive(typed('kept '), peer)).durable;
  const [first = new Uint8Array(), second = new Uint8Array()] = updatesOf('ab');
  await room.adopt([second], 1);
  const reader = new Y.Doc();
  Y.applyUpdate(reader, room.missingFrom(Uint8Array.of(0)));
  Y.applyUpdate(reader, room.missingFrom(Y.encodeStateVector(reader)));
  expect(reader.store.pendingStructs).toBeNull();
  expect(reader.getText('content').toString()).toBe('kept ');
  await room.adopt([first], 1);
  Y.applyUpdate(reader, room.missingFrom(Y.encodeStateVector(reader)));
  expect(reader.getText('content').toString()).toHaveLength('kept ab'.length);
});

test('a full document begins anew, also where something of another server waits for what never comes', async () => {
  const { closed, join } = setUp({ documentStructs: 100, idleMs: 60_000 });
  const author = new Y.Doc();
  author.transact(() => {
    for (let i = 0; i < 90; i++) author.getText('content').insert(0, 'x');
    author.getText('content').delete(0, 80);
  });
  const { room, peer } = await join();
  await (await room.receive(Y.encodeStateAsUpdate(author), peer)).durable;
  await room.adopt([updatesOf('ab')[1] ?? new Uint8Array()], 1);
  const more = new Y.Doc();
  more.transact(() => {
    for (let i = 0; i < 20; i++) more.getText('content').insert(0, 'y');
  });
  expect(() => room.receive(Y.encodeStateAsUpdate(more), peer)).toThrow(MissingParts);
  await room.closed;
  expect(closed).toEqual([CloseCode.resync]);
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

const deletionOf = (client: number, clock: number, length: number): Uint8Array =>
  Uint8Array.from([0, 1, client, 1, clock, length]);

test('what nobody has written yet cannot be deleted: neither kept nor told, and what comes there stays', async () => {
  const { disk, join } = setUp();
  const { room, peer } = await join();
  expect(() => room.receive(deletionOf(7, 0, 100), peer)).toThrow('are missing');
  expect(disk.written).toEqual([]);
  expect(room.doc.store.pendingDs).toBeNull();
  const author = new Y.Doc();
  author.clientID = 7;
  author.getText('content').insert(0, 'whole');
  await (await room.receive(Y.encodeStateAsUpdate(author), peer)).durable;
  // As far as it is there it is deleted; of an answer to the server's question the rest is left out.
  expect(() => room.receive(deletionOf(7, 3, 100), peer)).toThrow('are missing');
  await (await room.receive(deletionOf(7, 3, 100), peer, undefined, true)).durable;
  expect(room.doc.getText('content').toString()).toBe('who');
  expect(room.doc.store.pendingDs).toBeNull();
  author.getText('content').insert(5, 'some');
  await (await room.receive(Y.encodeStateAsUpdate(author), peer)).durable;
  expect(room.doc.getText('content').toString()).toBe('whosome');
});

test('structs that wait for each other are refused: neither kept nor told', async () => {
  const { disk, join } = setUp();
  const { room, peer } = await join();
  const circle = (length: number): Uint8Array =>
    encoding.encode((out) => {
      encoding.writeVarUint(out, 2);
      for (const [own, other] of [
        [8, 7],
        [7, 8],
      ] as const) {
        for (const number of [1, own, 0]) encoding.writeVarUint(out, number);
        encoding.writeUint8(out, 0x84); // a text after another
        for (const number of [other, 0]) encoding.writeVarUint(out, number);
        encoding.writeVarString(out, 'x'.repeat(length));
      }
      encoding.writeVarUint(out, 0);
    });
  const hostile = expect.objectContaining({ code: serverErrors.hostileUpdate.code });
  expect(() => room.receive(circle(20_000), peer)).toThrow(hostile);
  const big = setUp({ trialParts: 1 });
  const tried = await big.join();
  await expect(tried.room.receive(circle(10), tried.peer)).rejects.toEqual(hostile);
  for (const { store } of [room.doc, tried.room.doc]) expect(store.pendingStructs).toBeNull();
  expect([...disk.written, ...big.disk.written]).toEqual([]);
  await (await room.receive(typed('kept'), peer)).durable;
  expect(room.doc.getText('content').toString()).toBe('kept');
});

test('large updates that fit alone and not together are not taken in together, and who sent them pays', async () => {
  const { join } = setUp({ trialParts: 0, trialMs: 60_000, documentBytes: 10_000 });
  const { room, peer } = await join();
  let spent = 0;
  peer.spend = ({ ms = 0 }) => {
    spent += ms;
  };
  const results = await Promise.allSettled(
    ['a', 'b', 'c'].map(async (letter) => room.receive(typed(letter.repeat(6_000)), peer)),
  );
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
  for (const result of results)
    if (result.status === 'rejected')
      expect(result.reason).toMatchObject({ code: serverErrors.documentTooLarge.code });
  expect(room.doc.getText('content').length).toBe(6_000);
  expect(spent).toBeGreaterThan(0);
});

test('what is deleted already goes neither to the disk nor to the others again, whatever new comes with it', async () => {
  const { disk, join } = setUp();
  const { room, peer } = await join();
  const heard: Uint8Array[] = [];
  const { peer: other } = await join();
  other.send = (frame) => heard.push(frame);
  const author = new Y.Doc();
  author.transact(() => {
    for (let i = 0; i < 500; i++) author.getText('content').insert(0, 'x');
    for (let i = 0; i < 250; i++) author.getText('content').delete(i, 1);
  });
  await (await room.receive(Y.encodeStateAsUpdate(author), peer)).durable;
  const before = Y.encodeStateVector(author);
  author.getText('content').insert(0, 'new');
  const update = Y.encodeStateAsUpdate(author, before);
  expect(update.length).toBeGreaterThan(500);
  await (await room.receive(update, peer)).durable;
  expect(disk.written.at(-1)?.length).toBeLessThan(100);
  expect(heard.at(-1)?.length).toBeLessThan(100);
  expect(room.doc.getText('content').toString()).toBe(author.getText('content').toString());
});

test('what is all new goes to the disk and to the others as it came, and what is new in part as that part', async () => {
  const { disk, join } = setUp();
  const { room, peer } = await join();
  const heard: Uint8Array[] = [];
  const { peer: other } = await join();
  other.send = (frame) => heard.push(frame);
  const author = new Y.Doc();
  const updates: Uint8Array[] = [];
  author.on('update', (update: Uint8Array) => updates.push(update));
  author.getText('content').insert(0, 'one');
  author.getText('content').insert(3, 'two');
  author.getText('content').delete(2, 2);
  for (const update of updates) await (await room.receive(update, peer)).durable;
  expect(disk.written.map((update) => [...update])).toEqual(updates.map((update) => [...update]));
  expect(heard).toHaveLength(3);
  author.getText('content').insert(0, 'three');
  await (await room.receive(Y.encodeStateAsUpdate(author), peer)).durable;
  expect(disk.written.at(-1)?.length).toBeLessThan(Y.encodeStateAsUpdate(author).length);
  const replica = new Y.Doc();
  for (const update of disk.written) Y.applyUpdate(replica, update);
  expect(replica.getText('content').toString()).toBe(author.getText('content').toString());
});
