import { afterEach, beforeEach, expect, test } from 'vitest';
import { userEvent } from 'vitest/browser';
import * as Y from 'yjs';
import { makeReplica, Network, type Replica, seedOf } from '../testing/replica.ts';

let ann: Replica;
let bob: Replica;
let network: Network;
/** How often each replica may have had to make model and text equal again. */
let repairs = 0;

function start(content: string): void {
  const seed = seedOf(content);
  ann = makeReplica('ann', seed);
  bob = makeReplica('bob', seed);
  network = new Network([ann, bob]);
}

beforeEach(() => {
  repairs = 0;
  start('one\ntwo\nthree\n');
});
afterEach(() => {
  for (const replica of [ann, bob]) {
    expect(replica.model.getValue()).toBe(replica.text.toString());
    expect(replica.binding.repairs, replica === ann ? 'ann' : 'bob').toBe(repairs);
    replica.dispose();
  }
});

test('CRLF paste: line feeds only, everywhere, and offsets stay level', () => {
  ann.select(4);
  ann.paste('a\r\nb\rc\r\n');
  ann.type('!');
  network.deliverAll();
  bob.select(bob.text.length);
  bob.type('end');
  network.deliverAll();
  expect(ann.text.toString()).toBe('one\na\nb\nc\n!two\nthree\nend');
  expect(bob.model.getValue()).toBe(ann.text.toString());
  expect(bob.model.getEOL()).toBe('\n');
});

test('CRLF: a model switched to CRLF goes back to LF', () => {
  ann.model.setEOL(1);
  expect(ann.model.getEOL()).toBe('\n');
  ann.select(ann.text.length);
  ann.type('x');
  network.deliverAll();
  expect(bob.model.getValue()).toBe('one\ntwo\nthree\nx');
});

test('half a pair of surrogates is mended in the same step, for everybody', () => {
  ann.select(0);
  ann.type('\ud83d');
  ann.model.applyEdits([
    { range: { startLineNumber: 2, startColumn: 1, endLineNumber: 2, endColumn: 1 }, text: 'a\ude00' },
  ]);
  network.deliverAll();
  expect(ann.text.toString()).toBe('\ufffdone\na\ufffdtwo\nthree\n');
  expect(bob.text.toString()).toBe(ann.text.toString());
});

test('undo races: undo takes back my edits and leaves the edits of others that came between', () => {
  ann.select(3);
  ann.type('A');
  ann.type('B');
  bob.select(bob.text.length);
  bob.type('bob');
  network.deliverAll();
  ann.select(0);
  ann.type('C');
  void ann.model.undo();
  expect(ann.text.toString()).toBe('oneAB\ntwo\nthree\nbob');
  void ann.model.undo();
  expect(ann.text.toString()).toBe('one\ntwo\nthree\nbob');
  expect(ann.model.canUndo()).toBe(false);
  void ann.model.undo();
  network.deliverAll();
  expect(bob.text.toString()).toBe('one\ntwo\nthree\nbob');
  void ann.model.redo();
  network.deliverAll();
  expect(bob.text.toString()).toBe('oneAB\ntwo\nthree\nbob');
});

test('undo races: undoing while the others delete what I wrote, before either knows', () => {
  ann.select(0);
  ann.type('xyz');
  network.deliverAll();
  bob.select(0, 3);
  bob.editor.trigger('keyboard', 'deleteLeft', null);
  void ann.model.undo();
  network.deliverAll();
  void ann.model.redo();
  network.deliverAll();
  expect(ann.text.toString()).toBe(bob.text.toString());
  void bob.model.undo();
  network.deliverAll();
  expect(ann.text.toString()).toBe(bob.text.toString());
});

test('undo by keyboard is this undo: Ctrl+Z, Ctrl+Shift+Z and Ctrl+Y', async () => {
  ann.editor.focus();
  ann.select(0);
  await userEvent.keyboard('hey');
  expect(ann.text.toString()).toBe('heyone\ntwo\nthree\n');
  bob.select(bob.text.length);
  bob.type('bob');
  network.deliverAll();
  await userEvent.keyboard('{Control>}z{/Control}');
  expect(ann.text.toString()).toBe('one\ntwo\nthree\nbob');
  await userEvent.keyboard('{Control>}{Shift>}z{/Shift}{/Control}');
  expect(ann.text.toString()).toBe('heyone\ntwo\nthree\nbob');
  await userEvent.keyboard('{Control>}z{/Control}');
  await userEvent.keyboard('{Control>}y{/Control}');
  expect(ann.text.toString()).toBe('heyone\ntwo\nthree\nbob');
});

test('selection after undo: the carets go back to where they were before the step', () => {
  ann.select(4, 7);
  ann.type('2');
  bob.select(0);
  bob.type('zero\n');
  network.deliverAll();
  ann.select(0);
  void ann.model.undo();
  expect(ann.text.toString()).toBe('zero\none\ntwo\nthree\n');
  expect(ann.selections()).toEqual([[9, 12]]);
  void ann.model.redo();
  expect(ann.text.toString()).toBe('zero\none\n2\nthree\n');
  expect(ann.selections()).toEqual([[10, 10]]);
});

test('selection after undo: all carets of a multi-caret edit', () => {
  ann.editor.setSelections([
    { selectionStartLineNumber: 1, selectionStartColumn: 1, positionLineNumber: 1, positionColumn: 1 },
    { selectionStartLineNumber: 2, selectionStartColumn: 1, positionLineNumber: 2, positionColumn: 4 },
  ]);
  ann.type('#');
  expect(ann.text.toString()).toBe('#one\n#\nthree\n');
  ann.select(ann.text.length);
  void ann.model.undo();
  expect(ann.text.toString()).toBe('one\ntwo\nthree\n');
  expect(ann.selections()).toEqual([
    [0, 0],
    [4, 7],
  ]);
});

test('two people who type at one place: both texts stay in one piece, carets are not pushed along', () => {
  ann.select(4);
  bob.select(4);
  for (const [a, b] of ['xX', 'yY', 'zZ']) {
    ann.type(a ?? '');
    bob.type(b ?? '');
    network.deliverAll();
  }
  expect(ann.text.toString()).toMatch(/^one\n(xyzXYZ|XYZxyz)two\nthree\n$/);
  expect(bob.text.toString()).toBe(ann.text.toString());
});

test('all selections are shared, after the content that they refer to', async () => {
  ann.editor.setSelections([
    { selectionStartLineNumber: 1, selectionStartColumn: 1, positionLineNumber: 1, positionColumn: 3 },
    { selectionStartLineNumber: 3, selectionStartColumn: 1, positionLineNumber: 3, positionColumn: 1 },
  ]);
  ann.type('new');
  let contentFirst = false;
  ann.awareness.on('change', () => {
    contentFirst = ann.text.toString() === 'newe\ntwo\nnewthree\n';
  });
  await Promise.resolve();
  await expect.poll(() => contentFirst).toBe(true);
  network.deliverAll();
  network.shareAwareness();
  await expect.poll(() => document.querySelectorAll('[data-replica=bob] .remote-caret').length).toBe(2);
  const names = [...document.querySelectorAll('[data-replica=bob] .remote-caret-name:not([hidden])')];
  expect(names.map((one) => one.textContent)).toEqual(['ann']);
});

test('a selection is tinted, and gone when its owner leaves', async () => {
  ann.select(4, 7);
  await Promise.resolve();
  network.shareAwareness();
  await expect.poll(() => document.querySelectorAll('[data-replica=bob] .remote-selection').length).toBe(1);
  ann.awareness.setLocalState(null);
  network.shareAwareness();
  await expect.poll(() => document.querySelectorAll('[data-replica=bob] .remote-selection').length).toBe(0);
  expect(document.querySelectorAll('[data-replica=bob] .remote-caret').length).toBe(0);
});

test('malformed selections of others are ignored', async () => {
  const bad = [
    { anchor: 1, head: {} },
    { anchor: { item: 7 }, head: { tname: 'other' } },
    { anchor: null, head: null },
  ];
  ann.awareness.setLocalStateField('selections', bad);
  network.shareAwareness();
  await Promise.resolve();
  ann.awareness.setLocalStateField('selections', 'nonsense');
  network.shareAwareness();
  bob.type('still works');
  expect(bob.text.toString()).toContain('still works');
});

test('the line at the top stays at the top when somebody writes above it', () => {
  const lines = Array.from({ length: 200 }, (_, i) => `line ${i}`).join('\n');
  bob.select(bob.text.length);
  bob.paste(lines);
  network.deliverAll();
  ann.select(ann.text.length);
  ann.editor.setScrollTop(ann.editor.getTopForLineNumber(100) + 5);
  const seen = ann.model.getLineContent(ann.editor.getVisibleRanges()[0]?.startLineNumber ?? 0);
  bob.select(0);
  bob.paste('above\n'.repeat(30));
  network.deliverAll();
  expect(ann.model.getLineContent(ann.editor.getVisibleRanges()[0]?.startLineNumber ?? 0)).toBe(seen);
  expect(ann.selections()).toEqual([[ann.text.length, ann.text.length]]);
});

test('carriage returns and embeds of another program are shown to nobody, and taken out by who writes next', () => {
  repairs = 1;
  const stranger = new Y.Doc();
  Y.applyUpdate(stranger, Y.encodeStateAsUpdate(ann.doc));
  const text = stranger.getText('content');
  text.insert(3, '\r');
  text.insertEmbed(0, { image: 'x' });
  const update = Y.encodeStateAsUpdate(stranger);
  for (const replica of [ann, bob]) Y.applyUpdate(replica.doc, update);
  const sent: unknown[] = [];
  for (const { doc } of [ann, bob]) doc.on('update', (...[, origin]) => void sent.push(origin));
  network.deliverAll();
  for (const { model } of [ann, bob]) expect(model.getValue()).toBe('one\ntwo\nthree\n');
  expect(sent).toEqual([]); // who may only read would be sent away for it
  text.insert(0, 'zero ');
  for (const replica of [ann, bob]) Y.applyUpdate(replica.doc, Y.encodeStateAsUpdate(stranger));
  for (const { model } of [ann, bob]) expect(model.getValue()).toBe('zero one\ntwo\nthree\n');
  network.deliverAll();
  ann.select(ann.text.length);
  ann.type('!');
  network.deliverAll();
  expect(ann.text.toString()).toBe('zero one\ntwo\nthree\n!');
  for (const { model } of [ann, bob]) expect(model.getValue()).toBe(ann.text.toString());
  expect(bob.text.toString()).toBe(ann.text.toString());
});

test('disposing leaves nothing behind: no listener, no decoration, Monaco own undo', () => {
  network.shareAwareness();
  const { doc, text, model, editor, awareness } = ann;
  const decorations = (): number =>
    model.getAllDecorations().filter((d) => d.options.className?.includes('remote')).length;
  ann.binding.dispose();
  expect(decorations()).toBe(0);
  expect(document.querySelectorAll('[data-replica=ann] .remote-caret').length).toBe(0);
  const before = text.toString();
  editor.trigger('keyboard', 'type', { text: 'local only' });
  expect(text.toString()).toBe(before);
  text.insert(0, 'remote only');
  expect(model.getValue()).not.toContain('remote only');
  model.setValue(text.toString());
  expect([...(awareness.getLocalState()?.selections ?? [])]).toEqual([]);
  expect(doc.isDestroyed).toBe(false);
});
