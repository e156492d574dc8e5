import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CloseCode, syncPath } from '../../src/protocol/sync.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { nextGeneration, retiredClients } from './rotation.ts';

const limits = { documentStructs: 200, idleMs: 1 };

/** Types so that each letter is a struct of its own, and takes most of it back. */
async function wearOut(url: string): Promise<Editor> {
  const editor = await join(url, 'notes.md');
  editor.doc.transact(() => {
    for (let i = 0; i < 120; i++) editor.text.insert(0, String(i % 10));
    editor.text.delete(0, 110);
  });
  await editor.untilStored();
  return editor;
}

/** Joins until the document has begun anew: its one client is none that was there before. */
async function fresh(url: string, before: Y.Doc): Promise<Editor> {
  return vi.waitUntil(
    async () => {
      const editor = await join(url, 'notes.md');
      if (![...editor.doc.store.clients.keys()].some((client) => before.store.clients.has(client)))
        return editor;
      await editor.leave();
      return null;
    },
    { timeout: 10_000 },
  );
}

test('a document that outgrew its limit begins anew when nobody is in it, with the same text', async () => {
  const { url } = await testServer({ limits });
  const ada = await wearOut(url);
  const text = ada.text.toString();
  await ada.leave();
  const bob = await fresh(url, ada.doc);
  expect(bob.text.toString()).toBe(text);
  expect(bob.doc.store.clients.size).toBe(1);
  bob.text.insert(0, 'new ');
  await bob.untilStored();
  const cleo = await join(url, 'notes.md');
  expect(cleo.text.toString()).toBe(`new ${text}`);
});

test('who comes with the generation before is told to open it anew, and doubles nothing', async () => {
  const first = await testServer({ limits });
  const ada = await wearOut(first.url);
  const text = ada.text.toString();
  await ada.leave();
  await (await fresh(first.url, ada.doc)).leave();
  await first.close();
  const second = await testServer({ dataDir: first.dataDir, limits }); // it is known over a restart, too
  ada.doc.getText('content').insert(0, 'offline ');
  const old = new Editor(second.url, syncPath('sample', 'notes.md'), { doc: ada.doc });
  expect((await old.closed).code).toBe(CloseCode.rotated);
  const pushy = await join(second.url, 'notes.md');
  pushy.sendUpdate(Y.encodeStateAsUpdate(ada.doc)); // as a client would that asks nothing
  expect((await pushy.closed).code).toBe(CloseCode.rotated);
  const bob = await join(second.url, 'notes.md');
  expect(bob.text.toString()).toBe(text);
});

test('a server that lost its log has the document back from an editor, and knows again who is retired', async () => {
  const first = await testServer({ limits });
  const ada = await wearOut(first.url);
  await ada.leave();
  const bob = await fresh(first.url, ada.doc);
  const second = await testServer({ limits });
  const restored = await join(second.url, 'notes.md', { doc: bob.doc });
  await restored.untilStored();
  const cleo = await join(second.url, 'notes.md');
  expect(cleo.text.toString()).toBe(bob.text.toString());
  const old = new Editor(second.url, syncPath('sample', 'notes.md'), { doc: ada.doc });
  expect((await old.closed).code).toBe(CloseCode.rotated);
  const villain = new Y.Doc();
  villain.getMap('rotation').set('retired', Uint8Array.of(1, cleo.doc.clientID % 128));
  cleo.sendUpdate(Y.encodeStateAsUpdate(villain));
  expect((await cleo.closed).code).toBe(CloseCode.refusedUpdate);
});

test('a document that is full in the middle of the work begins anew, and takes the next edit', async () => {
  const { url } = await testServer({ limits: { ...limits, idleMs: 60_000 } });
  const ada = await wearOut(url);
  const text = ada.text.toString();
  ada.doc.transact(() => {
    for (let i = 0; i < 100; i++) ada.text.insert(0, 'x');
  });
  expect((await ada.closed).code).toBe(CloseCode.resync);
  const bob = await fresh(url, ada.doc);
  expect(bob.text.toString()).toBe(text); // what was not acknowledged is with its author still
  bob.text.insert(0, 'next ');
  await bob.untilStored();
});

test('generations follow one another, and all who are over are remembered', () => {
  const doc = new Y.Doc();
  doc.getMap('files').set('a.md', { kind: 'text', created: 1 });
  doc.getMap('files').set('b.md', { kind: 'text', created: 2 });
  doc.getMap('files').delete('b.md');
  const over: number[] = [];
  let now = doc;
  for (let generation = 0; generation < 4; generation++) {
    over.push(...now.store.clients.keys());
    const next = new Y.Doc();
    Y.applyUpdate(next, nextGeneration(now, 'project').state);
    expect(next.getMap('files').toJSON()).toEqual({ 'a.md': { kind: 'text', created: 1 } });
    expect([...retiredClients(next)].sort()).toEqual([...over].sort());
    expect([...next.store.clients.keys()].some((client) => over.includes(client))).toBe(false);
    now = next;
  }
});
