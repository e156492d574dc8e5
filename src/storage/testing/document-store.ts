import { onTestFinished } from 'vitest';
import { openDocumentStore } from '../documents/store.ts';

/** A store of documents in the browser that goes with the test. By its name others open the same one. */
export function newDocumentStore(): {
  readonly name: string;
  readonly store: ReturnType<typeof openDocumentStore>;
} {
  const name = `documents-${Date.now()}-${Math.random()}`;
  const store = openDocumentStore(name);
  onTestFinished(() => {
    store.close();
    indexedDB.deleteDatabase(name);
  });
  return { name, store };
}
