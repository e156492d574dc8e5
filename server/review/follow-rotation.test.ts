import { expect, onTestFinished, test, vi } from 'vitest';
import * as Y from 'yjs';
import { stretchesOf } from '../../src/domain/review/blame.ts';
import { type Anchor, reviewDocument } from '../../src/protocol/review.ts';
import { readAuthors } from '../../src/protocol/review-reading.ts';
import { syncPath } from '../../src/protocol/sync.ts';
import { createClient } from '../../src/sdk/client.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';

const file = { project: 'sample', path: 'anneal.yaml' };
const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };

function position(text: Y.Text, at: number, assoc: number): Anchor['start'] {
  const relative = Y.createRelativePositionFromTypeIndex(text, at, assoc);
  return Y.relativePositionToJSON(relative) as Anchor['start'];
}

function anchorOf(text: Y.Text, quote: string): Anchor {
  const at = text.toString().indexOf(quote);
  return { start: position(text, at, 0), end: position(text, at + quote.length, -1), quote };
}

/** What stands at an anchor now. */
function under(text: Y.Text, anchor: Anchor | null): string {
  const [start = 0, end = 0] = [anchor?.start, anchor?.end].map((one) => {
    const relative = Y.createRelativePositionFromJSON(one);
    return Y.createAbsolutePositionFromRelativePosition(relative, text.doc ?? new Y.Doc())?.index;
  });
  return text.toString().slice(start, end);
}

/** Somebody whom the studio has introduced by his awareness. */
async function editorOf(url: string, { id, name }: typeof ada): Promise<Editor> {
  const editor = await join(url, file.path);
  editor.awareness.setLocalState({ person: id, user: { name, color: '#123456' } });
  return editor;
}

test('comments, suggestions, versions and who wrote what stay with their words when a text begins anew', async () => {
  const { url } = await testServer({ limits: { documentStructs: 300, idleMs: 1 } });
  const { review } = createClient({ baseUrl: url });
  const [a, b] = [await editorOf(url, ada), await editorOf(url, bob)];
  a.text.insert(0, 'first line by ada\n');
  await a.untilStored();
  await b.until(() => b.text.toString().startsWith('first'));
  b.text.insert(0, 'zeroth by bob 😀\n');
  await b.untilStored();
  await a.until(() => a.text.toString().startsWith('zeroth'));
  a.doc.transact(() => {
    for (let i = 0; i < 200; i++) a.text.insert(5, String(i % 10));
    a.text.delete(5, 200);
  });
  await a.untilStored();
  const text = a.text.toString();
  const anchor = anchorOf(a.text, 'line by ada');
  const thread = await review.startThread(file, { anchor, text: 'Which line?', as: bob });
  const ends = { start: position(a.text, 0, -1), end: position(a.text, text.length, 0), quote: text };
  const whole = await review.startThread(file, { anchor: ends, text: 'All of it', as: bob });
  const { start, end } = anchorOf(a.text, 'max_steps: 20');
  const edit = { start, end, oldText: 'max_steps: 20', newText: 'max_steps: 40' };
  const wish = { title: 'More steps', note: '', edits: [edit], evidence: null };
  const suggestion = await review.suggest(file, { ...wish, as: ada });
  const version = await review.createVersion(file, { kind: 'named', name: 'Before', as: ada });
  const before = new Set(a.doc.store.clients.keys());
  await Promise.all([a.leave(), b.leave()]);

  const reader = await vi.waitUntil(
    async () => {
      const editor = new Editor(url, syncPath(file.project, file.path));
      await editor.untilSynced();
      if (![...editor.doc.store.clients.keys()].some((client) => before.has(client))) return editor;
      await editor.leave();
      return null;
    },
    { timeout: 30_000 },
  );
  onTestFinished(() => reader.leave());
  expect(reader.text.toString()).toBe(text);
  const { threads, suggestions } = await review.all(file);
  const anchors = new Map(threads.map(({ id, anchor: where }) => [id, where]));
  expect(under(reader.text, anchors.get(thread.id) ?? null)).toBe('line by ada');
  expect(under(reader.text, anchors.get(whole.id) ?? null)).toBe(text);
  expect(suggestions.map(({ id }) => id)).toEqual([suggestion.id]);
  const said = await join(url, reviewDocument(file.path));
  const authors = readAuthors((root) => said.doc.getMap(root).entries() as Iterable<[string, unknown]>);
  const spans = stretchesOf(reader.text._start, authors);
  const whose = (words: string): string | null => {
    const at = text.indexOf(words);
    let end = 0;
    for (const { length, author } of spans) {
      end += length;
      if (end > at) return author?.id ?? null;
    }
    return null;
  };
  expect([whose('first line by ada'), whose('zeroth by bob'), whose('max_steps')]).toEqual([
    'ada',
    'bob',
    null,
  ]);
  const accepted = await review.decide(file, suggestion.id, { decision: 'accepted', as: bob });
  expect(accepted.decision).toMatchObject({ kind: 'accepted', by: bob });
  await reader.untilText(text.replace('max_steps: 20', 'max_steps: 40'));
  const kept = await review.readVersion(file, version.id);
  expect(kept.content.text).toBe(text);
});
