import * as Y from 'yjs';
import type { DocumentStore } from '../domain/documents/ports.ts';
import type { Locks } from '../domain/runs/ports.ts';
import { documentKind, TEXT_ROOT } from '../protocol/sync.ts';

/**
 * Texts that this machine holds and the server will not merge, since it has another document under their name. They
 * stay on the disk under a name of their own, and until somebody has taken them that name says so: the document may
 * have been opened by nobody, in the background, to send what was written offline.
 */

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z`;
const SET_ASIDE = new RegExp(`~${TIME}$`);
const UNREAD = new RegExp(`^([^/]+)/(.+)~unread~(${TIME})$`, 's');

/** Where storage does not hold it. */
export interface Aside {
  readonly project: string;
  readonly path: string;
  readonly text: string;
}

export function asideName(room: string, now: Date, isRead: boolean): string {
  return `${room}~${isRead ? '' : 'unread~'}${now.toISOString()}`;
}

/** Whether a name of the store is one of those, and no document's. */
export function isAside(name: string): boolean {
  return SET_ASIDE.test(name);
}

/** Whether nobody has taken it yet. */
export function isUnread(name: string): boolean {
  return UNREAD.test(name);
}

/** Of which room it was; null of a document's own name. */
export function roomOfAside(name: string): string | null {
  return isAside(name) ? name.replace(SET_ASIDE, '').replace(/~unread$/, '') : null;
}

export interface AsideTexts {
  /** What a page had in an editor, where not all of it could be written down. */
  add(one: Aside): void;
  /** Whether it has something of a room that nobody has taken. */
  holds(room: string): boolean;
  /** Goes on with the others where `take` rejects one, which stays; then rejects as the first of them did. */
  take(project: string, take: (path: string, text: string) => Promise<unknown>): Promise<void>;
}

/** What had to be put aside of one person's texts, whose `store` this is. `isHere`: still at this browser. */
export function createAside(
  store: Pick<DocumentStore, 'rooms' | 'load' | 'setAside'>,
  locks: Pick<Locks, 'tryHold'> | undefined,
  isHere: () => boolean,
): AsideTexts {
  let homeless: readonly Aside[] = [];
  const textOf = async (name: string): Promise<string | null> => {
    const { updates } = await store.load(name);
    if (updates.length === 0) return null;
    const doc = new Y.Doc();
    for (const update of updates) Y.applyUpdate(doc, update);
    const text = doc.getText(TEXT_ROOT).toString();
    doc.destroy();
    return text;
  };
  const takeOne = async (name: string, take: (text: string) => Promise<unknown>): Promise<void> => {
    const [, project, path, time] = UNREAD.exec(name) ?? [];
    const stored = await textOf(name);
    if (stored === null) return; // another tab was first
    if (stored.trim() !== '') await take(stored);
    await store.setAside(name, asideName(`${project}/${path}`, new Date(time ?? 0), true));
  };
  return {
    holds: (room) => homeless.some(({ project, path }) => `${project}/${path}` === room),
    add(one) {
      homeless = [...homeless, one];
    },
    async take(project, take) {
      const failures: unknown[] = [];
      const attempt = async (work: () => Promise<unknown>): Promise<void> => {
        if (isHere()) await work().catch((error: unknown) => failures.push(error));
      };
      for (const one of homeless.filter((other) => other.project === project)) {
        await attempt(async () => {
          homeless = homeless.filter((other) => other !== one);
          if (one.text.trim() === '') return;
          await take(one.path, one.text).catch((error: unknown) => {
            homeless = [...homeless, one];
            throw error;
          });
        });
      }
      for (const name of await store.rooms().catch(() => [])) {
        const [, of, path = ''] = UNREAD.exec(name) ?? [];
        if (of !== project || documentKind(path) !== 'text') continue;
        const work = () => takeOne(name, (text) => take(path, text));
        await attempt(async () => (locks === undefined ? work() : locks.tryHold(`aside/${name}`, work)));
      }
      if (failures.length > 0) throw failures[0];
    },
  };
}
