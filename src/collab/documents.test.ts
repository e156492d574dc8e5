import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { DocumentStore, StoredDocument } from '../domain/documents/ports.ts';
import { createDocuments } from './documents.ts';

/** A store in memory, with a hook that runs whenever it is asked for something. */
function memoryStore(meanwhile: () => void) {
  const updates = new Map<string, Uint8Array<ArrayBuffer>[]>();
  const acknowledged = new Map<string, Uint8Array<ArrayBuffer>>();
  const put = (room: string, update: Uint8Array): void =>
    void updates.set(room, [...(updates.get(room) ?? []), new Uint8Array(update)]);
  const store: DocumentStore = {
    async load(room): Promise<StoredDocument> {
      const found = {
        updates: updates.get(room) ?? [],
        acknowledged: acknowledged.get(room) ?? null,
        server: null,
        unsaved: [],
      };
      meanwhile();
      return found;
    },
    async append(room, update) {
      put(room, update);
      meanwhile();
    },
    async acknowledge(room, { vector }) {
      acknowledged.set(room, new Uint8Array(vector));
      meanwhile();
    },
    compact: async () => undefined,
    async setAside(room, name) {
      for (const update of updates.get(room) ?? []) put(name, update);
      updates.delete(room);
      acknowledged.delete(room);
      meanwhile();
    },
    async remove(room) {
      updates.delete(room);
      acknowledged.delete(room);
      return true;
    },
    rooms: async () => [...updates.keys()].sort(),
    unsaved: async () => [...updates.keys()].sort(),
    furthest: async () => 0,
  };
  return { store, put };
}

test('trap: a renamed file takes along what is typed while it is followed', async () => {
  const doc = new Y.Doc();
  const typed: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => typed.push(update));
  const text = doc.getText('content');
  let moments = 0;
  const { store, put } = memoryStore(() => {
    if (moments++ >= 3) return;
    text.insert(text.length, `${moments}`); // another tab of the same person
    for (const update of typed.splice(0)) put('p/old.md', update);
  });
  text.insert(0, 'offline ');
  for (const update of typed.splice(0)) await store.append('p/old.md', update, null);
  await store.acknowledge('p/old.md', { vector: Y.encodeStateVector(doc), server: null, authors: [] });
  const documents = createDocuments({
    store,
    server: 'ws://localhost:1',
    profile: {
      current: () => ({ id: 'ada', name: 'Ada' }),
      subscribe: () => () => undefined,
    },
    now: () => 0,
  });
  await documents.follow('p', 'old.md', 'new.md');
  const moved = await store.load('p/new.md');
  const there = new Y.Doc();
  for (const update of moved.updates) Y.applyUpdate(there, update);
  expect(there.getText('content').toString()).toBe('offline 123');
  expect(moved.acknowledged).not.toBeNull();
  expect(await store.rooms()).toEqual(['p/new.md']);
});
