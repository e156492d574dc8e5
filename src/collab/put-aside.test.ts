import { expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import { putAside } from './put-aside.ts';
import { MemoryDocuments } from './testing/memory-store.ts';

const NAME = 'p/a.md~unread~1970-01-01T00:00:00.000Z';

/** A page that shows 'base ' and can be left. */
function page() {
  const hiding = new Set<() => void>();
  vi.stubGlobal('addEventListener', (_name: string, heard: () => void) => hiding.add(heard));
  vi.stubGlobal('removeEventListener', (_name: string, heard: () => void) => hiding.delete(heard));
  onTestFinished(() => void vi.unstubAllGlobals());
  const doc = new Y.Doc();
  const text = doc.getText('content');
  text.insert(0, 'base ');
  const store = new MemoryDocuments();
  const left = vi.spyOn(store, 'leave').mockResolvedValue();
  const begin = () => putAside({ store, room: 'p/a.md', doc }, new Date(0), false);
  const hide = (): void => {
    for (const heard of hiding) heard();
  };
  return { doc, text, store, left, begin, hide, hiding };
}

test('what is not written yet as the page goes is left for the next one', () => {
  const { text, store, left, begin, hide } = page();
  store.append = () => new Promise(() => undefined); // nobody will be there when it is answered
  void begin();
  text.insert(5, 'late ');
  hide();
  const [name, update, author] = left.mock.calls[0] ?? [];
  const next = new Y.Doc();
  Y.applyUpdate(next, update ?? new Uint8Array());
  expect([name, next.getText('content').toString(), author]).toEqual([NAME, 'base late ', null]);
});

test('what is written is not left once more, and nobody listens when it is over', async () => {
  const { doc, text, left, begin, hide, hiding } = page();
  expect(await begin()).toEqual({ text: 'base ', isStored: true, failure: null });
  expect(hiding.size).toBe(1);
  hide();
  text.insert(5, 'late ');
  doc.destroy();
  await vi.waitUntil(() => hiding.size === 0, { timeout: 20_000 });
  expect(left).not.toHaveBeenCalled();
});

test('rows of which there is no whole copy are shown to nobody: the text is in memory', async () => {
  const { doc, store, begin } = page();
  await store.append('p/a.md', Y.encodeStateAsUpdate(doc), doc.clientID);
  vi.spyOn(store, 'append').mockRejectedValueOnce(new Error('There is no room'));
  expect(await begin()).toEqual({ text: 'base ', isStored: false, failure: null });
  expect(await store.rooms()).toEqual(['p/a.md~1970-01-01T00:00:00.000Z']);
});
