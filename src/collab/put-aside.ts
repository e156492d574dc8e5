import * as Y from 'yjs';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { TEXT_ROOT } from '../protocol/sync.ts';
import { asideName } from './aside.ts';
import { ofLife } from './lives.ts';

export interface PutAside {
  readonly text: string;
  /** All of it is on this machine's disk, under a name of its own. */
  readonly isWhole: boolean;
  /** Why what is stored of it still stands under the room's name; null where nothing does. */
  readonly failure: unknown;
}

/** A document that is over, and where this page kept it. */
export interface Over {
  readonly store: DocumentStore;
  readonly room: string;
  readonly doc: Y.Doc;
}

/**
 * Gives what a page holds of a document another name, with what is stored of it: as a whole, since another page may
 * have put aside what the stored rows build on. Rows of the document's next life, which another page may have opened
 * already, stay where they are. What is typed until the document is destroyed comes along.
 */
export async function putAside({ store, room, doc }: Over, now: Date, isRead: boolean): Promise<PutAside> {
  const name = asideName(room, now, isRead);
  let isWhole = true;
  const write = (update: Uint8Array): Promise<void> =>
    store.append(name, update, null).catch(() => {
      isWhole = false;
    });
  let late = Promise.resolve();
  if (doc.store.clients.size > 0) await write(Y.encodeStateAsUpdate(doc));
  doc.on('update', (update: Uint8Array) => {
    late = write(update);
  });
  // What is not whole is shown from memory: its rows alone would be shown beside it.
  const target = (): string => (isWhole ? name : asideName(room, now, true));
  const failure = await store.setAside(room, target(), ofLife(doc)).then(
    () => null,
    (error: unknown) => error ?? new Error('It cannot be renamed'),
  );
  await late;
  const isReadable = await store.rooms().then(
    () => true,
    () => false,
  );
  return { text: doc.getText(TEXT_ROOT).toString(), isWhole: isWhole && isReadable, failure };
}

/** Removes what is stored of the document's life; false where it holds what is not to be lost. */
export async function forget({ store, room, doc }: Over, authors: readonly number[]): Promise<boolean> {
  const before = Y.getState(doc.store, doc.clientID);
  const isGone = await store.remove(room, authors, ofLife(doc)).catch(() => true); // without storage nothing is there
  return isGone && Y.getState(doc.store, doc.clientID) === before;
}
