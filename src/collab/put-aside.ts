import * as Y from 'yjs';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { TEXT_ROOT } from '../protocol/sync.ts';
import { asideName } from './aside.ts';
import { ofLife } from './lives.ts';

export interface PutAside {
  readonly text: string;
  /** All of the text is on this machine's disk under a name of its own, and can be read there. */
  readonly isStored: boolean;
  /** Why what was stored under the room's name is still there; null where it is not. */
  readonly failure: unknown;
}

/** A document that is over, and where this page kept it. */
export interface Over {
  readonly store: DocumentStore;
  readonly room: string;
  readonly doc: Y.Doc;
}

/**
 * Stores all that a page holds of a document under another name, and what is typed until the document is destroyed. It
 * is written down anew, since another page may have taken away what this one's stored rows build on. These go along;
 * those of the document's next life, which another page may have opened already, stay.
 */
export async function putAside(over: Over, now: Date, isRead: boolean): Promise<PutAside> {
  const { store, room, doc } = over;
  const name = asideName(room, now, isRead);
  const copy = copyTo(over, name);
  await copy.settled();
  // Without the copy the rows may lack something: nobody is shown them, but the text that this page has.
  const nameOfRows = copy.isWhole ? name : asideName(room, now, true);
  const failure = await store.setAside(room, nameOfRows, ofLife(doc)).then(
    () => null,
    (error: unknown) => error ?? new Error('It cannot be renamed'),
  );
  await copy.settled();
  const canRead = await store.rooms().then(
    () => true,
    () => false,
  );
  return { text: doc.getText(TEXT_ROOT).toString(), isStored: copy.isWhole && canRead, failure };
}

/** Writes the document under this name, and goes on with what is typed until it is destroyed. */
function copyTo({ store, doc }: Over, name: string): { readonly isWhole: boolean; settled(): Promise<void> } {
  const unwritten = new Set<Uint8Array>();
  let isWhole = true;
  let writing: Promise<unknown> = Promise.resolve();
  const write = (update: Uint8Array): void => {
    unwritten.add(update);
    const written = store
      .append(name, update, null)
      .catch(() => {
        isWhole = false;
      })
      .finally(() => unwritten.delete(update));
    writing = Promise.all([writing, written]);
  };
  // The page goes, and what is on its way with it.
  const onPageHide = (): void => {
    if (unwritten.size > 0) store.leave(name, Y.mergeUpdates([...unwritten]), null).catch(() => undefined);
  };
  globalThis.addEventListener('pagehide', onPageHide);
  doc.on('update', write); // before the first write: what is typed during it would be in neither
  if (doc.store.clients.size > 0) write(Y.encodeStateAsUpdate(doc));
  doc.on('destroy', () => {
    void writing.then(() => globalThis.removeEventListener('pagehide', onPageHide));
  });
  return {
    get isWhole() {
      return isWhole;
    },
    async settled() {
      await writing;
    },
  };
}

/** Removes what is stored of the document's life; false where it holds what is not to be lost. */
export async function forget({ store, room, doc }: Over, authors: readonly number[]): Promise<boolean> {
  const before = Y.getState(doc.store, doc.clientID);
  const isGone = await store.remove(room, authors, ofLife(doc)).catch(() => true); // without storage nothing is there
  return isGone && Y.getState(doc.store, doc.clientID) === before;
}
