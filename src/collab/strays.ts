import * as Y from 'yjs';
import type { Which } from '../domain/documents/ports.ts';
import type { Locks } from '../domain/runs/ports.ts';
import { documentKind } from '../protocol/sync.ts';
import { asideName, isUnread, roomOfAside } from './aside.ts';
import { ofLife } from './lives.ts';
import type { OwnStore } from './own-store.ts';

/**
 * What a tab wrote that was closed before it heard that another one had put the text aside: it is stored under the
 * text's own name, where what it builds on is gone, and nobody would ever see it.
 */
export interface Strays {
  /**
   * Puts aside anew, and unread, what lacked such letters, with them. Once a page and project: a tab that is still
   * there puts aside itself what it holds.
   */
  gather(project: string): Promise<void>;
}

export function createStrays(
  store: Pick<OwnStore, 'ownRooms' | 'rooms' | 'load' | 'append' | 'setAside'>,
  locks: Pick<Locks, 'tryHold'> | undefined,
  now: () => number,
): Strays {
  const looked = new Set<string>();
  const gatherOne = async (room: string, names: readonly string[]): Promise<void> => {
    const { updates } = await store.load(room);
    if (straysAmong(updates).size === 0) return;
    for (const name of names) {
      const kept = (await store.load(name)).updates;
      const ofThat = ofLife(docOf(kept));
      const which: Which = (stored) => ofThat([...straysAmong(stored)]);
      const strays = which((await store.load(room)).updates);
      if (strays.size === 0 || !isComplete(docOf([...kept, ...strays]))) continue;
      const time = new Date(now());
      const [anew, done] = [asideName(room, time, false), asideName(room, time, true)];
      // First the new copy, at once as a whole: whatever fails after that leaves something twice, and nothing out.
      await store.append(anew, Y.mergeUpdates([...kept, ...strays]), null);
      await store.setAside(room, done, which);
      if (isUnread(name) && name !== anew) await store.setAside(name, done);
    }
  };
  const gatherAll = async (project: string): Promise<void> => {
    const named = new Map<string, string[]>();
    // What is nobody's is taken over by whoever opens it: looking at it would do so.
    const own = new Set(await store.ownRooms());
    for (const name of await store.rooms()) {
      const room = roomOfAside(name);
      if (room !== null && own.has(room) && isTextOf(project, room))
        named.set(room, [...(named.get(room) ?? []), name]);
    }
    // What fails is looked for by the next page.
    for (const [room, names] of named) await gatherOne(room, names).catch(() => undefined);
  };
  return {
    async gather(project) {
      if (looked.has(project)) return;
      looked.add(project);
      const work = () => gatherAll(project).catch(() => undefined);
      await (locks === undefined ? work() : locks.tryHold(`strays/${project}`, work));
    },
  };
}

function isTextOf(project: string, room: string): boolean {
  return room.startsWith(`${project}/`) && documentKind(room.slice(project.length + 1)) === 'text';
}

/** Those of a room's updates that are of another life of the document than the one which is there. */
function straysAmong(updates: readonly Uint8Array[]): ReadonlySet<Uint8Array> {
  const doc = docOf(updates);
  if (isComplete(doc)) return new Set();
  const here = ofLife(doc)(updates);
  return new Set(updates.filter((update) => !here.has(update)));
}

function docOf(updates: readonly Uint8Array[]): Y.Doc {
  const doc = new Y.Doc();
  for (const update of updates) Y.applyUpdate(doc, update);
  return doc;
}

/** Whether nothing in it waits for something that is not there. */
function isComplete({ store }: Y.Doc): boolean {
  return store.pendingStructs === null && store.pendingDs === null;
}
