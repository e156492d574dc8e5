import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { type ConnectionState, connectDocument } from '../../src/collab/connection.ts';
import { MAX_SYNC_MESSAGE_BYTES, TEXT_ROOT } from '../../src/protocol/sync.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';

const PATH = 'book.md';

/** The studio's connection of a document, in Node. */
function connect(url: string, doc: Y.Doc) {
  const states: ConnectionState[] = [];
  const connection = connectDocument({
    doc,
    project: 'sample',
    path: PATH,
    server: url.replace(/^http/, 'ws'),
    acknowledged: null,
    onState: (state) => states.push(state),
    onSaved: () => undefined,
  });
  onTestFinished(() => connection.dispose());
  const saved = () =>
    expect.poll(() => connection.state, { timeout: 30_000 }).toEqual({ kind: 'synced', saved: true });
  return { states, saved };
}

/** Three people's chapters, each written in between those of the others. */
function book(): Y.Doc {
  const authors = [new Y.Doc(), new Y.Doc(), new Y.Doc()] as const;
  for (let chapter = 0; chapter < 18; chapter++) {
    const author = authors[chapter % 3] ?? authors[0];
    for (const other of authors) if (other !== author) Y.applyUpdate(author, Y.encodeStateAsUpdate(other));
    const text = author.getText(TEXT_ROOT);
    text.insert((chapter * 7_919) % (text.length + 1), `${chapter} ${'a line of it\n'.repeat(40_000)}`);
    text.delete(text.length >> 1, 3);
  }
  for (const other of authors) Y.applyUpdate(authors[0], Y.encodeStateAsUpdate(other));
  return authors[0];
}

test('a document longer than a frame comes back to a server that has lost it', async () => {
  const { url } = await testServer();
  const doc = book();
  expect(Y.encodeStateAsUpdate(doc).length).toBeGreaterThan(2 * MAX_SYNC_MESSAGE_BYTES);
  const { states, saved } = connect(url, doc);
  await saved();
  expect(states.map(({ kind }) => kind)).not.toContain('refused');
  const reader = await join(url, PATH);
  await reader.untilText(doc.getText(TEXT_ROOT).toString());
});

test('so does a paste that is longer than a frame', async () => {
  const { url } = await testServer();
  const doc = new Y.Doc();
  const { saved } = connect(url, doc);
  doc.getText(TEXT_ROOT).insert(0, 'before\n');
  await saved();
  doc.getText(TEXT_ROOT).insert(7, 'pasted \u{1f642}\n'.repeat(500_000));
  doc.getText(TEXT_ROOT).insert(0, 'after\n');
  await saved();
  const reader = await join(url, PATH);
  await reader.untilText(doc.getText(TEXT_ROOT).toString());
});
