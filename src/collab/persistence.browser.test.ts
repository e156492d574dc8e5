import { beforeEach, expect, test } from 'vitest';
import * as Y from 'yjs';
import { newDocumentStore } from '../storage/testing/document-store.ts';
import { contentOf } from './room.ts';
import type * as keptPage from './testing/kept-page.ts';

let name = '';
let store: ReturnType<typeof newDocumentStore>['store'];
beforeEach(() => {
  ({ name, store } = newDocumentStore());
});

interface Page {
  readonly doc: Y.Doc;
  leave(): void;
}

/** The document in a page of its own, which ends like a tab that is closed. */
async function openPage(): Promise<Page> {
  const frame = document.createElement('iframe');
  document.body.append(frame);
  const realm = frame.contentWindow as (Window & typeof globalThis) | null;
  if (realm === null) throw new Error('A frame in the page has a window');
  const load = realm.eval('(url) => import(url)') as (url: string) => Promise<typeof keptPage>;
  const { openKept } = await load(new URL('./testing/kept-page.ts', import.meta.url).href);
  return { doc: await openKept(name, 'p/a'), leave: () => frame.remove() };
}

async function kept(): Promise<string> {
  const doc = new Y.Doc();
  for (const update of (await store.load('p/a')).updates) Y.applyUpdate(doc, update);
  return contentOf(doc).toString();
}

test('the last keys before a page ends are kept', async () => {
  for (let round = 0; round < 5; round++) {
    const before = await kept();
    const { doc, leave } = await openPage();
    const text = contentOf(doc);
    for (const key of `${round}: what was typed last;`) {
      text.insert(text.length, key);
      await Promise.resolve();
    }
    const written = text.toString();
    leave();
    expect(written).toBe(`${before}${round}: what was typed last;`);
    await expect.poll(kept, { timeout: 20_000 }).toBe(written);
  }
});
