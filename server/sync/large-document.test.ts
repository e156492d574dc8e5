import { expect, onTestFinished, test } from 'vitest';
import * as Y from 'yjs';
import { Random } from '../../src/base/random.ts';
import { type ConnectionState, connectDocument } from '../../src/collab/connection.ts';
import {
  CloseCode,
  MAX_SYNC_MESSAGE_BYTES,
  ROTATION_ROOT,
  syncPath,
  TEXT_ROOT,
} from '../../src/protocol/sync.ts';
import { atOnce } from '../testing/at-once.ts';
import { openCutProxy } from '../testing/cut-proxy.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { packRetired } from './retired.ts';
import { nextGeneration, RETIRED } from './rotation.ts';

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

/** A document that has begun anew, and is longer than a frame; and the one before. */
function begunAnew(place: 'now' | 'earlier'): { readonly before: Y.Doc; readonly doc: Y.Doc } {
  const before = new Y.Doc();
  const random = new Random(7); // what can be compressed is short on the wire, however long it is
  const words = Array.from({ length: 800_000 }, () => random.uint32().toString(36));
  before.getText(TEXT_ROOT).insert(0, words.join(' '));
  const doc = new Y.Doc();
  if (place === 'now') Y.applyUpdate(doc, atOnce(nextGeneration(before, 'text')).state);
  else {
    doc.getText(TEXT_ROOT).insert(0, before.getText(TEXT_ROOT).toString());
    doc.getMap(ROTATION_ROOT).set(RETIRED, packRetired([[before.clientID]]));
  }
  expect(Y.encodeStateAsUpdate(doc).length).toBeGreaterThan(MAX_SYNC_MESSAGE_BYTES);
  return { before, doc };
}

async function expectBegunAnew(url: string, before: Y.Doc): Promise<void> {
  const reader = await join(url, PATH);
  expect(reader.text.toString()).toBe(before.getText(TEXT_ROOT).toString());
  await expectRetired(url, before);
}

/** Who has the one before is told so. He has little of it: all of it in one frame would be too long for any document. */
async function expectRetired(url: string, before: Y.Doc): Promise<void> {
  const doc = new Y.Doc();
  doc.clientID = before.clientID;
  doc.getText(TEXT_ROOT).insert(0, 'its first words');
  const old = new Editor(url, syncPath('sample', PATH), { doc });
  expect((await old.closed).code).toBe(CloseCode.rotated);
}

test.each(['now', 'earlier'] as const)(
  'so does one that has begun anew (as it is written %s)',
  async (place) => {
    const { url } = await testServer();
    const { before, doc } = begunAnew(place);
    const { states, saved } = connect(url, doc);
    await saved();
    expect(states.map(({ kind }) => kind)).not.toContain('refused');
    await expectBegunAnew(url, before);
  },
);

test.each(['now', 'earlier'] as const)(
  'it may be cut off after a part (as it is written %s)',
  async (place) => {
    const { url, port } = await testServer({ allowHosts: ['127.0.0.1'] });
    const { before, doc } = begunAnew(place);
    const proxy = await openCutProxy(port);
    onTestFinished(() => proxy.close());
    proxy.cutAfter(MAX_SYNC_MESSAGE_BYTES / 2);
    const { states, saved } = connect(proxy.url, doc);
    await expect.poll(() => proxy.cuts(), { timeout: 30_000 }).toBe(1);
    const reader = await join(url, PATH);
    await reader.until(() => reader.text.length > 0);
    if (place === 'now') await expectRetired(url, before);
    await saved();
    expect(states.map(({ kind }) => kind)).not.toContain('refused');
    await expectBegunAnew(url, before);
  },
);
