import { Dexie, type EntityTable } from 'dexie';
import type { DocumentStore, ServerMark, Which } from '../../domain/documents/ports.ts';
import { storageErrors } from '../errors.ts';
import { type LastWords, lastWordsIn } from './last-words.ts';

interface UpdateRow {
  readonly id: number;
  readonly room: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The Yjs client that wrote it here, while the server is not known to have it. */
  readonly author?: number | null;
}

interface RoomRow {
  readonly room: string;
  readonly acknowledged: Uint8Array<ArrayBuffer> | null;
  /** Left out in rows of earlier versions: such a room is sent once more. */
  readonly server?: ServerMark | null;
  /** Those whose rows were folded, or are of an earlier version. */
  readonly unsaved?: readonly number[];
}

/** What a transaction over both tables finds of a room. */
interface Found {
  readonly rows: readonly UpdateRow[];
  readonly meta: RoomRow | undefined;
  readonly unsaved: readonly number[];
}

type Database = Dexie & { updates: EntityTable<UpdateRow, 'id'>; rooms: EntityTable<RoomRow, 'room'> };

/** Yjs hands out views of larger buffers; storing one would store the whole buffer. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

const DURABILITY = 'strict';

const all: Which = (updates) => new Set(updates);

function meantOf(rows: readonly UpdateRow[], which: Which): readonly UpdateRow[] {
  const meant = which(rows.map(({ bytes }) => bytes));
  return rows.filter(({ bytes }) => meant.has(bytes));
}

function authorsOf(rows: readonly Pick<UpdateRow, 'author'>[]): readonly number[] {
  return rows.flatMap(({ author }) => author ?? []);
}

/**
 * One request, committed without waiting for its answer: a page that ends takes along every transaction that is not
 * committed, and nobody would be there to answer.
 */
function add(database: IDBDatabase, row: Omit<UpdateRow, 'id'>): Promise<void> {
  const transaction = database.transaction('updates', 'readwrite', { durability: DURABILITY });
  const done = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(transaction.error);
  });
  transaction.objectStore('updates').add(row);
  transaction.commit();
  return done;
}

/**
 * Shared documents in IndexedDB: an append-only log of updates per room, compacted in one transaction.
 * Commits are strict: what has been appended survives a power cut, so that "kept on this machine" is true.
 */
export function openDocumentStore(name = 'anneal-documents'): DocumentStore & { close(): void } {
  const db = new Dexie(name, { chromeTransactionDurability: DURABILITY }) as Database;
  db.version(1).stores({ updates: '++id, room', rooms: 'room' });
  db.version(2).stores({ updates: '++id, room, [author+room]' });
  const find = async (room: string): Promise<Found> => {
    const rows = await db.updates.where('room').equals(room).sortBy('id');
    const meta = await db.rooms.get(room);
    return { rows, meta, unsaved: [...new Set([...(meta?.unsaved ?? []), ...authorsOf(rows)])] };
  };
  const last = lastWordsIn(name);
  const append: DocumentStore['append'] = async (room, update, author) => {
    if (!db.isOpen()) await db.rooms.count(); // which opens it, unless it was closed for good
    await add(db.backendDB(), { room, bytes: own(update), author });
  };
  /** What pages wrote as they ended comes into the log before anybody reads it; the answer is what finds no room there. */
  const gather = async (): Promise<readonly LastWords[]> => {
    const left: LastWords[] = [];
    for (const { words, forget } of last.kept())
      await append(words.room, words.bytes, words.author).then(forget, () => left.push(words));
    return left;
  };
  return {
    async load(room) {
      const left = (await gather()).filter((words) => words.room === room);
      return db.transaction('r', db.updates, db.rooms, async () => {
        const { rows, meta, unsaved } = await find(room);
        return {
          updates: [...rows, ...left].map(({ bytes }) => bytes),
          acknowledged: meta?.acknowledged ?? null,
          server: meta?.server ?? null,
          unsaved: [...new Set([...unsaved, ...authorsOf(left)])],
        };
      });
    },
    append,
    async leave(room, update, author) {
      const takeBack = last.keep({ room, bytes: own(update), author });
      // Where this is answered the page is still there. Where it fails they stay: the page may yet be thrown away.
      await append(room, update, author).then(() => takeBack?.());
    },
    async acknowledge(room, { vector, server, authors }) {
      await db.transaction('rw', db.updates, db.rooms, async () => {
        const unsaved = (await db.rooms.get(room))?.unsaved ?? [];
        await db.rooms.put({
          room,
          acknowledged: own(vector),
          server,
          unsaved: unsaved.filter((author) => !authors.includes(author)),
        });
        const theirs = authors.map((author) => [author, room]);
        await db.updates.where('[author+room]').anyOf(theirs).modify({ author: null });
      });
    },
    async compact(room, merge) {
      await db.transaction('rw', db.updates, db.rooms, async () => {
        const { rows, meta, unsaved } = await find(room);
        if (rows.length < 2) return;
        const merged = merge(rows.map((row) => row.bytes));
        await db.updates.bulkDelete(rows.map((row) => row.id));
        await db.updates.add({ room, bytes: own(merged) });
        if (unsaved.length > 0) await db.rooms.put({ acknowledged: null, ...meta, room, unsaved });
      });
    },
    async setAside(room, aside, which = all) {
      const left = (await gather()).some((words) => words.room === room);
      if (left) throw storageErrors.full({ where: room });
      await db.transaction('rw', db.updates, db.rooms, async () => {
        const { rows, unsaved } = await find(room);
        const meant = meantOf(rows, which);
        await db.updates
          .where('id')
          .anyOf(meant.map(({ id }) => id))
          .modify({ room: aside });
        if (meant.length < rows.length) return; // of what stays it is still true
        await db.rooms.delete(room);
        if (unsaved.length === 0) return;
        const there = await db.rooms.get(aside);
        const both = [...new Set([...(there?.unsaved ?? []), ...unsaved])];
        await db.rooms.put({ acknowledged: null, ...there, room: aside, unsaved: both });
      });
    },
    async remove(room, authors, which = all) {
      if ((await gather()).some((words) => words.room === room)) return false;
      return db.transaction('rw', db.updates, db.rooms, async () => {
        const { rows, meta } = await find(room);
        const meant = meantOf(rows, which);
        const isAll = meant.length === rows.length;
        const unsaved = [...(isAll ? (meta?.unsaved ?? []) : []), ...authorsOf(meant)];
        if (unsaved.some((author) => !authors.includes(author))) return false;
        await db.updates.bulkDelete(meant.map(({ id }) => id));
        if (isAll) await db.rooms.delete(room);
        return true;
      });
    },
    async rooms() {
      const left = (await gather()).map((words) => words.room);
      const rooms = (await db.updates.orderBy('room').uniqueKeys()).map(String);
      return [...new Set([...rooms, ...left])].sort();
    },
    async unsaved(epoch) {
      const left = (await gather()).map((words) => words.room);
      const names = (await db.updates.orderBy('room').uniqueKeys()).map(String);
      const rows = new Map((await db.rooms.toArray()).map((row) => [row.room, row]));
      const authored = (await db.updates.orderBy('[author+room]').keys()) as unknown as [number, string][];
      const written = new Set([...authored.map(([, room]) => room), ...left]);
      return [...new Set([...names, ...left])].sort().filter((room) => {
        const row = rows.get(room);
        return row?.server?.epoch !== epoch || (row.unsaved ?? []).length > 0 || written.has(room);
      });
    },
    async furthest(epoch) {
      const rows = await db.rooms.toArray();
      return Math.max(0, ...rows.map(({ server }) => (server?.epoch === epoch ? server.lsn : 0)));
    },
    close: () => db.close(),
  };
}
