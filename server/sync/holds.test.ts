import { afterEach, expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CloseCode } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { atOnce } from '../testing/at-once.ts';
import { temporaryFolder } from '../testing/fixture.ts';
import { MemoryHub } from '../testing/memory-fanout.ts';
import { localGuest } from './guest.ts';
import { type Held, Holds } from './holds.ts';
import { defaultSyncLimits, type SyncLimits } from './limits.ts';
import { noMetrics } from './metrics.ts';
import type { RoomPeer } from './room-parts.ts';
import { Rooms } from './rooms.ts';
import { nextGeneration } from './rotation.ts';

const name = { project: 'p', path: 'notes.md' };
const CODE = 4410;

afterEach(() => vi.useRealTimers());

/** A server that writes down what it is asked, and is slow to let go of its documents when told to be. */
async function server(hub: MemoryHub, id: number, log: string[], slow: Promise<void> = Promise.resolve()) {
  const held: Held = {
    hold: async ({ path }, _code, reason, until) => {
      log.push(`${id} holds ${path}: ${reason}`);
      await slow;
      log.push(`${id} has let go`);
      void until.then(() => log.push(`${id} opens again`));
    },
    shutProject: (project) => log.push(`${id} shuts ${project}`),
  };
  const holds = new Holds(hub.server(id), held);
  await holds.open();
  return holds;
}

test('a document is taken when every other server has let go of it, and opened again when it is released', async () => {
  const hub = new MemoryHub();
  const log: string[] = [];
  let finish = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const first = await server(hub, 1, log);
  await server(hub, 2, log, slow);
  await server(hub, 3, log);
  const taking = first.take(name, CODE, 'moved').then((taken) => {
    log.push('taken');
    return taken;
  });
  await expect.poll(() => log).toContain('3 has let go');
  expect(log).not.toContain('taken');
  finish();
  const taken = await taking;
  expect(log).toEqual([
    '2 holds notes.md: moved',
    '3 holds notes.md: moved',
    '3 has let go',
    '2 has let go',
    'taken',
  ]);
  await taken.release();
  await expect.poll(() => log.slice(5).sort()).toEqual(['2 opens again', '3 opens again']);
});

test('two servers that wish for the same document have it one after the other', async () => {
  const hub = new MemoryHub();
  const log: string[] = [];
  const first = await server(hub, 1, log);
  const second = await server(hub, 2, log);
  const taken = await first.take(name, CODE, 'moved');
  const next = second.take(name, CODE, 'deleted');
  const other = await second.take({ ...name, path: 'other.md' }, CODE, 'moved'); // another one is free
  expect(log.filter((line) => line.startsWith('1 holds'))).toEqual(['1 holds other.md: moved']);
  await other.release();
  await taken.release();
  await (await next).release();
  expect(log).toContain('1 holds notes.md: deleted');
});

/** Two servers' rooms over one database, and what the sockets of a room are closed with. */
async function cluster(hub: MemoryHub, limits: Partial<SyncLimits> = {}) {
  const store = await SqliteStore.open(await temporaryFolder());
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const all = { ...defaultSyncLimits, catchUpMs: 3_600_000, idleMs: 3_600_000, ...limits };
  const servers = await Promise.all(
    [1, 2].map(async (id) => {
      const rooms = new Rooms(store, all, noMetrics, hub.server(id));
      await rooms.open();
      onTestFinished(() => rooms.close());
      return rooms;
    }),
  );
  const closed: number[] = [];
  const join = (rooms: Rooms) =>
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
  const [first, second] = servers;
  if (first === undefined || second === undefined) return expect.fail('two servers');
  return { store, first, second, join, closed };
}

function typed(text: string): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, text);
  return Y.encodeStateAsUpdate(doc);
}

const textOf = (doc: Y.Doc): string => doc.getText('content').toString();

test('a server that does not answer is not waited for, and writes nothing into what it does not know', async () => {
  const hub = new MemoryHub();
  const { store, first, second, join, closed } = await cluster(hub);
  const here = await join(first);
  await (await here.room.receive(typed('before;'), here.peer)).durable;
  const there = await join(second);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  hub.busy.add(2);
  const moved = first.exclusive(name, CODE, 'moved', () =>
    store.write({ kind: 'rename', ...name, to: 'moved.md' }),
  );
  await vi.advanceTimersByTimeAsync(4_900);
  expect(here.room.phase).toBe('live');
  await vi.advanceTimersByTimeAsync(200);
  await moved;
  vi.useRealTimers();
  expect(closed).toEqual([CODE]); // the other server has heard of nothing
  const { durable } = await there.room.receive(typed('late;'), there.peer);
  await expect(durable).rejects.toMatchObject({ code: serverErrors.documentReplaced.code });
  await there.room.closed;
  expect(closed).toEqual([CODE, CloseCode.resync]);
  expect(await second.read(name, textOf)).toBe('');
  expect(await second.read({ ...name, path: 'moved.md' }, textOf)).toBe('before;');
});

/** Types so that each letter is a struct of its own, and takes most of it back. */
function wornOut(): Uint8Array {
  const doc = new Y.Doc();
  doc.transact(() => {
    for (let i = 0; i < 120; i++) doc.getText('content').insert(0, String(i % 10));
    doc.getText('content').delete(0, 110);
  });
  return Y.encodeStateAsUpdate(doc);
}

test('a document begins anew also where Redis is away: who has the old one writes nothing, folds nothing, and comes back', async () => {
  const hub = new MemoryHub();
  const { store, first, second, join, closed } = await cluster(hub, { documentStructs: 200, logUpdates: 1 });
  const here = await join(first);
  await (await here.room.receive(wornOut(), here.peer)).durable;
  const text = textOf(here.room.doc);
  const [there, reader] = [await join(second), await join(second)];
  hub.reach = () => false;
  hub.away = true;
  const more = new Y.Doc();
  more.transact(() => {
    for (let i = 0; i < 100; i++) more.getText('content').insert(0, 'x');
  });
  expect(() => here.room.receive(Y.encodeStateAsUpdate(more), here.peer)).toThrow('begins anew');
  await here.room.closed;
  const { generation, snapshot } = await store.call('loadDocument', name);
  const late = await there.room.receive(typed('late;'), there.peer);
  await expect(late.durable).rejects.toMatchObject({ code: serverErrors.documentReplaced.code });
  await there.room.closed;
  expect(reader.room).toBe(there.room);
  expect(closed).toEqual([CloseCode.resync, CloseCode.resync, CloseCode.resync]);
  expect(await store.call('loadDocument', name)).toMatchObject({ generation, snapshot, updates: [] });
  for (const rooms of [first, second]) expect(await rooms.read(name, textOf)).toBe(text);
});

test('who only reads what has begun anew elsewhere is told at the next look at the database', async () => {
  const hub = new MemoryHub();
  const { store, first, second, join, closed } = await cluster(hub);
  const here = await join(first);
  await (await here.room.receive(typed('before;'), here.peer)).durable;
  const there = await join(second);
  hub.reach = () => false;
  const { generation, seq } = await store.call('loadDocument', name);
  const state = atOnce(nextGeneration(here.room.doc, 'text')).state;
  const life = { ...name, generation: generation ?? 0, next: 7 };
  await store.write({ kind: 'rotate', ...life, data: state, upto: seq });
  await second.look();
  await there.room.closed;
  expect(closed).toEqual([CloseCode.resync]);
  expect(await second.read(name, textOf)).toBe('before;');
});

test('what a server that died had others hold is over by itself', async () => {
  vi.useFakeTimers();
  const hub = new MemoryHub();
  const log: string[] = [];
  const first = await server(hub, 1, log);
  await server(hub, 2, log);
  const taking = first.take(name, CODE, 'moved');
  await vi.advanceTimersByTimeAsync(100);
  await taking;
  hub.reach = () => false;
  await vi.advanceTimersByTimeAsync(29_000);
  expect(log).not.toContain('2 opens again');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(log).toContain('2 opens again');
});

test('what is held for long is held until it is released', async () => {
  vi.useFakeTimers();
  const hub = new MemoryHub();
  const log: string[] = [];
  const first = await server(hub, 1, log);
  await server(hub, 2, log);
  const taking = first.take(name, CODE, 'moved');
  await vi.advanceTimersByTimeAsync(100);
  const taken = await taking;
  await vi.advanceTimersByTimeAsync(120_000);
  expect(log).not.toContain('2 opens again');
  await taken.release();
  await vi.advanceTimersByTimeAsync(0);
  expect(log).toContain('2 opens again');
  expect(vi.getTimerCount()).toBe(0);
});

test('a deleted project is shut at the others', async () => {
  const hub = new MemoryHub();
  const log: string[] = [];
  const first = await server(hub, 1, log);
  await server(hub, 2, log);
  first.shutProject('p', CODE, 'deleted');
  await expect.poll(() => log).toEqual(['2 shuts p']);
});
