import type { DocumentStore } from '../domain/documents/ports.ts';
import { type AsideTexts, asideName } from './aside.ts';
import { keepsNothing } from './review.ts';

/** Rooms of which something is stored that is over and could not be put aside. */
export interface Unkept {
  add(room: string, failure: unknown): void;
  /** Where the room is kept; nowhere, and it says why, as long as what is over cannot be put aside. */
  storeOf(room: string): Promise<DocumentStore>;
}

export function createUnkept(
  store: DocumentStore,
  aside: Pick<AsideTexts, 'holds'>,
  now: () => number,
): Unkept {
  const rooms = new Map<string, unknown>();
  return {
    add: (room, failure) => rooms.set(room, failure),
    async storeOf(room) {
      if (!rooms.has(room)) return store;
      try {
        // Unread while this page alone can show it: it may be closed before somebody takes it.
        await store.setAside(room, asideName(room, new Date(now()), !aside.holds(room)));
        rooms.delete(room);
        return store;
      } catch (failure) {
        const fail = (): Promise<never> => Promise.reject(failure);
        return { ...keepsNothing, append: fail, leave: fail, setAside: fail };
      }
    },
  };
}
