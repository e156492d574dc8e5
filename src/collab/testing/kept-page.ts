import * as Y from 'yjs';
import { openDocumentStore } from '../../storage/documents/store.ts';
import { persist } from '../persistence.ts';

/** What a page does that is loaded beside the test, to be closed like a tab. */
export async function openKept(database: string, room: string): Promise<Y.Doc> {
  const doc = new Y.Doc();
  await persist({ doc, store: openDocumentStore(database), room });
  return doc;
}
