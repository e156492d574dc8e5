import * as Y from 'yjs';
import { can } from '../domain/access/roles.ts';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { type FileEntry, PROJECT_DOCUMENT, readFileEntry } from '../protocol/sync.ts';
import { asideName, isUnread, roomOfAside } from './aside.ts';
import { filesOf, type Room, roomName } from './room.ts';

/** Artifacts that were listed on this machine in a list of files that is over, and that the server never heard of. */
export interface Unlisted {
  /** Of a project's document that is over: what the next one is to list is kept, until some page has done so. */
  keep(room: Room): Promise<void>;
  /** Of a project's document that was opened: as soon as the server's list is here, what is kept is listed in it. */
  follow(room: Room): void;
}

type Entries = ReadonlyMap<string, FileEntry>;

export function createUnlisted(
  store: Pick<DocumentStore, 'rooms' | 'load' | 'append' | 'setAside'>,
  now: () => number,
): Unlisted {
  /** What this machine has no room for, by project. */
  const homeless = new Map<string, Entries>();
  const listAll = async (room: Room): Promise<void> => {
    const { project } = room;
    list(room, homeless.get(project) ?? new Map());
    homeless.delete(project);
    for (const name of await store.rooms()) {
      if (!isUnread(name) || roomOfAside(name) !== roomName(project, PROJECT_DOCUMENT)) continue;
      const kept = new Y.Doc();
      for (const update of (await store.load(name)).updates) Y.applyUpdate(kept, update);
      if (room.doc.isDestroyed) return; // it has begun anew once more
      list(room, artifactsOf(kept, new Set(kept.store.clients.keys())));
      await store.setAside(name, asideName(roomName(project, PROJECT_DOCUMENT), new Date(now()), true));
    }
  };
  return {
    async keep({ project, doc, unsent, acknowledged }) {
      const entries = artifactsOf(doc, unsent, acknowledged);
      if (entries.size === 0) return;
      const kept = new Y.Doc();
      for (const [path, entry] of entries) filesOf(kept).set(path, entry);
      const name = asideName(roomName(project, PROJECT_DOCUMENT), new Date(now()), false);
      await store.append(name, Y.encodeStateAsUpdate(kept), null).catch(() => {
        homeless.set(project, new Map([...(homeless.get(project) ?? []), ...entries]));
      });
    },
    follow(room) {
      const look = (): void => {
        const { connection, role } = room.state;
        if (connection.kind !== 'synced' || (role !== null && !can(role, 'project.change'))) return;
        stop();
        listAll(room).catch(() => undefined); // what cannot be read now stays for the next page
      };
      const stop = room.subscribe(look);
      look();
    },
  };
}

/**
 * The artifacts that are there and were listed as one of these Yjs clients. Not those that the server had: what is not
 * in its next list has been purged since.
 */
function artifactsOf(doc: Y.Doc, clients: ReadonlySet<number>, had: Uint8Array | null = null): Entries {
  const known = had === null ? new Map<number, number>() : Y.decodeStateVector(had);
  const found = new Map<string, FileEntry>();
  for (const [path, item] of filesOf(doc)._map) {
    const { client, clock } = item.id;
    const isMeant = !item.deleted && clients.has(client) && clock >= (known.get(client) ?? 0);
    const entry = isMeant ? entryIn(doc, path) : null;
    if (entry?.kind === 'artifact' && entry.deleted === undefined) found.set(path, entry);
  }
  return found;
}

/** Lists them, unless somebody has listed or deleted something under their names since. */
function list({ doc }: Room, entries: Entries): void {
  for (const [path, entry] of entries) {
    const there = entryIn(doc, path);
    if (there === null || Math.max(there.created, there.deleted ?? 0) < entry.created)
      filesOf(doc).set(path, entry);
  }
}

function entryIn(doc: Y.Doc, path: string): FileEntry | null {
  return readFileEntry(path, filesOf(doc).get(path));
}
