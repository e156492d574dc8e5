import type { DocumentStore } from '../domain/documents/ports.ts';
import { documentKind } from '../protocol/sync.ts';
import { asideName } from './aside.ts';
import { isOtherDocument, vectorOf } from './lives.ts';

/** No project is called so, and no name in the store that is nobody's begins so. */
const OF = '@';

export interface OwnStore extends DocumentStore {
  /** The rooms that are this person's own, without those of nobody. */
  ownRooms(): Promise<readonly string[]>;
}

/**
 * What one person keeps on this machine. The next one at the same browser neither sees nor sends it: it would be said
 * to be written by him. It stays, and is sent when its writer is back. `person` is null where nobody signs in; what
 * was kept then belongs to whoever comes.
 */
export function storeOf(store: DocumentStore, person: string | null, now: () => number): OwnStore {
  const prefix = person === null ? '' : `${OF}${encodeURIComponent(person)}/`;
  const at = (room: string): string => `${prefix}${room}`;
  const mine = (names: readonly string[]): readonly string[] =>
    names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
  const own = (names: readonly string[]): readonly string[] => {
    const bare = names.filter((name) => !name.startsWith(OF));
    if (person === null) return bare;
    return [...new Set([...mine(names), ...bare])].sort();
  };
  const adopt = async (room: string): Promise<void> => {
    const { updates, acknowledged } = await store.load(room);
    if (updates.length === 0) return;
    const own = await store.load(at(room));
    // The server began it anew since the earlier version kept it: in one they would be two texts.
    if (isOtherDocument(vectorOf(updates), vectorOf(own.updates))) {
      const isText = documentKind(room.slice(room.indexOf('/') + 1)) === 'text';
      await store.setAside(room, at(asideName(room, new Date(now()), !isText)));
      return;
    }
    const vector = acknowledged ?? own.acknowledged;
    await store.setAside(room, at(room));
    if (vector !== null) await store.acknowledge(at(room), { vector, server: null, authors: [] });
  };
  return {
    async load(room) {
      if (person !== null) await adopt(room);
      return store.load(at(room));
    },
    append: (room, update, author) => store.append(at(room), update, author),
    leave: (room, update, author) => store.leave(at(room), update, author),
    acknowledge: (room, acknowledged) => store.acknowledge(at(room), acknowledged),
    compact: (room, merge) => store.compact(at(room), merge),
    setAside: (room, name, which) => store.setAside(at(room), at(name), which),
    remove: (room, authors, which) => store.remove(at(room), authors, which),
    rooms: async () => own(await store.rooms()),
    ownRooms: async () => (person === null ? own : mine)(await store.rooms()),
    // What nobody has is taken over by whoever opens it, and not in the background by whoever happens to come first.
    unsaved: async (epoch) => (person === null ? own : mine)(await store.unsaved(epoch)),
    furthest: (epoch) => store.furthest(epoch),
  };
}
