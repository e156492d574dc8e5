import { Dexie, type EntityTable } from 'dexie';
import type { DocumentStore, ServerMark } from '../../domain/documents/ports.ts';

interface UpdateRow {
  readonly id: number;
  readonly room: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

interface RoomRow {
  readonly room: string;
  readonly acknowledged: Uint8Array<ArrayBuffer> | null;
  /** Left out in rows of earlier versions: such a room is sent once more. */
  readonly server?: ServerMark | null;
  readonly unsaved?: readonly number[];
}

type Database = Dexie & { updates: EntityTable<UpdateRow, 'id'>; rooms: EntityTable<RoomRow, 'room'> };

/** Yjs hands out views of larger buffers; storing one would store the whole buffer. */
function own(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/**
 * Shared documents in IndexedDB: an append-only log of updates per room, compacted in one transaction.
 * Commits are strict: what has been appended survives a power cut, so that "kept on this machine" is true.
 */
export function openDocumentStore(name = 'anneal-documents'): DocumentStore & { close(): void } {
  const db = new Dexie(name, { chromeTransactionDurability: 'strict' }) as Database;
  db.version(1).stores({ updates: '++id, room', rooms: 'room' });
  return {
    async load(room) {
      return db.transaction('r', db.updates, db.rooms, async () => {
        const rows = await db.updates.where('room').equals(room).sortBy('id');
        const meta = await db.rooms.get(room);
        return {
          updates: rows.map((row) => row.bytes),
          acknowledged: meta?.acknowledged ?? null,
          server: meta?.server ?? null,
          unsaved: meta?.unsaved ?? [],
        };
      });
    },
    async append(room, update, author) {
      await db.transaction('rw', db.updates, db.rooms, async () => {
        await db.updates.add({ room, bytes: own(update) });
        if (author === null) return;
        const meta = await db.rooms.get(room);
        const unsaved = meta?.unsaved ?? [];
        if (unsaved.includes(author)) return;
        await db.rooms.put({ acknowledged: null, ...meta, room, unsaved: [...unsaved, author] });
      });
    },
    async acknowledge(room, { vector, server, authors }) {
      await db.transaction('rw', db.rooms, async () => {
        const unsaved = (await db.rooms.get(room))?.unsaved ?? [];
        await db.rooms.put({
          room,
          acknowledged: own(vector),
          server,
          unsaved: unsaved.filter((author) => !authors.includes(author)),
        });
      });
    },
    async compact(room, merge) {
      await db.transaction('rw', db.updates, async () => {
        const rows = await db.updates.where('room').equals(room).sortBy('id');
        if (rows.length < 2) return;
        const merged = merge(rows.map((row) => row.bytes));
        await db.updates.bulkDelete(rows.map((row) => row.id));
        await db.updates.add({ room, bytes: own(merged) });
      });
    },
    async setAside(room, aside) {
      await db.transaction('rw', db.updates, db.rooms, async () => {
        const unsaved = (await db.rooms.get(room))?.unsaved ?? [];
        await db.updates.where('room').equals(room).modify({ room: aside });
        await db.rooms.delete(room);
        if (unsaved.length === 0) return;
        const there = await db.rooms.get(aside);
        const both = [...new Set([...(there?.unsaved ?? []), ...unsaved])];
        await db.rooms.put({ acknowledged: null, ...there, room: aside, unsaved: both });
      });
    },
    async remove(room, authors) {
      return db.transaction('rw', db.updates, db.rooms, async () => {
        const unsaved = (await db.rooms.get(room))?.unsaved ?? [];
        if (unsaved.some((author) => !authors.includes(author))) return false;
        await db.updates.where('room').equals(room).delete();
        await db.rooms.delete(room);
        return true;
      });
    },
    async rooms() {
      const rooms = await db.updates.orderBy('room').uniqueKeys();
      return rooms.map(String);
    },
    async unsaved(epoch) {
      const names = (await db.updates.orderBy('room').uniqueKeys()).map(String);
      const rows = new Map((await db.rooms.toArray()).map((row) => [row.room, row]));
      return names.filter((room) => {
        const row = rows.get(room);
        return row?.server?.epoch !== epoch || (row.unsaved ?? []).length > 0;
      });
    },
    async furthest(epoch) {
      const rows = await db.rooms.toArray();
      return Math.max(0, ...rows.map(({ server }) => (server?.epoch === epoch ? server.lsn : 0)));
    },
    close: () => db.close(),
  };
}
