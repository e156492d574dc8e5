import * as encoding from 'lib0/encoding';
import { expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import { CloseCode, ROTATION_ROOT, syncPath } from '../../src/protocol/sync.ts';
import { atOnce } from '../testing/at-once.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { packRetired, Retired, unpackRetired } from './retired.ts';
import { nextGeneration, RETIRED, retiredClients, retiringStruct } from './rotation.ts';

const limits = { documentStructs: 200, idleMs: 1, trialParts: 2_000, trialMs: 60_000 };

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

/** Joins until the document has begun anew: none of its clients was there before. */
async function fresh(url: string, before: Y.Doc): Promise<Editor> {
  return vi.waitUntil(
    async () => {
      const editor = await join(url, 'notes.md');
      if (![...editor.doc.store.clients.keys()].some((client) => before.store.clients.has(client)))
        return editor;
      await editor.leave();
      return null;
    },
    { timeout: 30_000 },
  );
}

test('a document that outgrew its limit begins anew when nobody is in it, with the same text', async () => {
  const { url } = await testServer({ limits });
  const ada = await wearOut(url);
  const text = ada.text.toString();
  await ada.leave();
  const bob = await fresh(url, ada.doc);
  expect(bob.text.toString()).toBe(text);
  expect(bob.doc.store.clients.size).toBe(2); // of the text, and of what names the retired
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

test('who comes two generations late, with edits that nobody has, is told so whatever he sends, and loses nothing', async () => {
  const { url } = await testServer({ limits });
  const ada = await wearOut(url);
  await ada.leave();
  const bob = await fresh(url, ada.doc);
  bob.doc.transact(() => {
    for (let i = 0; i < 120; i++) bob.text.insert(0, String(i % 10));
    bob.text.delete(0, 110);
  });
  await bob.untilStored();
  const text = bob.text.toString();
  await bob.leave();
  const cleo = await fresh(url, bob.doc);
  const known = Y.encodeStateVector(ada.doc);
  ada.text.insert(0, 'offline ');
  const written = Y.encodeStateAsUpdate(ada.doc, known); // it refers to what was there, and goes on as Ada
  const stranger = new Y.Doc();
  Y.applyUpdate(stranger, Y.encodeStateAsUpdate(ada.doc));
  const before = Y.encodeStateVector(stranger);
  stranger.getText('content').insert(3, 'beside what was there');
  const beside = Y.encodeStateAsUpdate(stranger, before); // under a client that nobody has heard of
  const erased = Y.encodeStateVector(stranger);
  stranger.getText('content').delete(0, 2);
  const erasing = Y.encodeStateAsUpdate(stranger, erased);
  const whole = Y.encodeStateAsUpdate(ada.doc);
  for (const update of [written, beside, erasing, whole]) {
    const late = await join(url, 'notes.md');
    late.sendUpdate(update);
    expect((await late.closed).code).toBe(CloseCode.rotated);
  }
  const asking = new Editor(url, syncPath('sample', 'notes.md'), { doc: ada.doc });
  expect((await asking.closed).code).toBe(CloseCode.rotated);
  expect(ada.text.toString()).toMatch(/^offline /); // it is with him as he wrote it
  cleo.text.insert(0, 'on ');
  await cleo.untilStored();
  expect((await join(url, 'notes.md')).text.toString()).toBe(`on ${text}`);
});

test.each([
  ['at once', limits.trialParts],
  ['in portions', 1],
])(
  'a server that lost its log has the document back from an editor %s, and knows again who is retired',
  async (_, trialParts) => {
    const first = await testServer({ limits });
    const ada = await wearOut(first.url);
    await ada.leave();
    const bob = await fresh(first.url, ada.doc);
    const second = await testServer({ limits: { ...limits, trialParts } });
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
  },
);

test('nobody brings back who is retired: what touches the list of them is refused', async () => {
  const { url } = await testServer({ limits: { ...limits, idleMs: 60_000 } });
  const ada = await wearOut(url);
  ada.doc.transact(() => {
    for (let i = 0; i < 100; i++) ada.text.insert(0, 'x');
  });
  expect((await ada.closed).code).toBe(CloseCode.resync);
  const bob = await fresh(url, ada.doc);
  const place = retiringStruct(bob.doc) ?? expect.fail('it has not begun anew');
  const deletes = encoding.encode((encoder) => {
    // No structs; of one client one range, as Yjs writes it.
    for (const number of [0, 1, place.client, 1, place.clock, 1]) encoding.writeVarUint(encoder, number);
  });
  const beside = (bits: number) =>
    encoding.encode((encoder) => {
      for (const number of [1, 1, 4_711, 0]) encoding.writeVarUint(encoder, number);
      encoding.writeUint8(encoder, bits | 4); // a text, beside the struct: Yjs gives it the struct's parent and key
      for (const number of [place.client, place.clock]) encoding.writeVarUint(encoder, number);
      encoding.writeVarString(encoder, 'x');
      encoding.writeVarUint(encoder, 0);
    });
  for (const update of [deletes, beside(0x80), beside(0x40)]) {
    const villain = await join(url, 'notes.md');
    villain.sendUpdate(update);
    expect((await villain.closed).code).toBe(CloseCode.refusedUpdate);
  }
  bob.text.insert(bob.text.length, ' and on');
  await bob.untilStored();
  const old = new Editor(url, syncPath('sample', 'notes.md'), { doc: ada.doc });
  expect((await old.closed).code).toBe(CloseCode.rotated);
});

test('where nobody was ever retired, nobody who has written is, and no list waits for its time', async () => {
  const { url } = await testServer();
  const ada = await join(url, 'notes.md');
  ada.text.insert(0, 'mine');
  await ada.untilStored();
  const naming = (list: Uint8Array, clock = 0) =>
    encoding.encode((encoder) => {
      for (const number of [1, 1, 4_711, clock]) encoding.writeVarUint(encoder, number);
      encoding.writeUint8(encoder, 0x20 | 3); // bytes, under a key
      encoding.writeVarUint(encoder, 1);
      for (const name of [ROTATION_ROOT, RETIRED]) encoding.writeVarString(encoder, name);
      encoding.writeVarUint8Array(encoder, list);
      encoding.writeVarUint(encoder, 0);
    });
  const endless = encoding.encode((encoder) => {
    for (const number of [0, 2 ** 30, 1]) encoding.writeVarUint(encoder, number);
  });
  const attempts = [
    [naming(packRetired([[ada.doc.clientID]])), CloseCode.rotated],
    [naming(packRetired([[4_711]])), CloseCode.refusedUpdate],
    [naming(packRetired([[5]]), 3), CloseCode.resync],
    [naming(endless), CloseCode.refusedUpdate],
  ] as const;
  for (const [update, code] of attempts) {
    const villain = await join(url, 'notes.md');
    villain.sendUpdate(update);
    expect((await villain.closed).code).toBe(code);
  }
  ada.text.insert(4, ' still');
  await ada.untilStored();
  const bob = await join(url, 'notes.md', { doc: ada.doc });
  expect(bob.text.toString()).toBe('mine still');
});

test('as many as may be remembered take little room, and those of the first format are read', () => {
  const clients = Array.from({ length: 9_000 }, (_, i) => Math.floor((i * 2 ** 32) / 9_000) + (i % 7));
  const packed = packRetired([clients.slice(0, 5_000), clients.slice(5_000)]);
  expect(packed.length).toBeLessThan(30_000);
  const retired = new Retired(unpackRetired(packed).flat());
  expect(retired.size).toBe(8_000);
  for (const client of clients.slice(0, 8_000)) expect(retired.has(client)).toBe(true);
  for (const client of clients.slice(8_000)) expect(retired.has(client)).toBe(false); // the oldest go first
  const first = encoding.encode((encoder) => {
    for (const number of [3, 99, 7, 2 ** 40]) encoding.writeVarUint(encoder, number);
  });
  const old = new Retired(unpackRetired(first).flat());
  expect([7, 99, 2 ** 40, 8].map((client) => old.has(client))).toEqual([true, true, true, false]);
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
    Y.applyUpdate(next, atOnce(nextGeneration(now, 'project')).state);
    expect(next.getMap('files').toJSON()).toEqual({ 'a.md': { kind: 'text', created: 1 } });
    expect([...retiredClients(next)].sort()).toEqual([...over].sort());
    expect([...next.store.clients.keys()].some((client) => over.includes(client))).toBe(false);
    now = next;
  }
});

test('a text that many have written begins anew in portions, each of which is short, and is the same', () => {
  const doc = new Y.Doc();
  const text = doc.getText('content');
  text.insert(0, 'wrote '.repeat(500));
  const authored = [...text.toString()].map((_, i) => ({ length: 1, author: String(i % 400) }));
  const at: string[] = [];
  const portions = nextGeneration(doc, 'text', () => authored);
  const fresh = atOnce(
    (function* () {
      for (;;) {
        const { done, value } = portions.next();
        if (done === true) return value;
        at.push(text.toString());
        if (at.length === 1) text.insert(0, 'Late: '); // another server, which the store refuses then
        yield;
      }
    })(),
  );
  expect(at.length).toBeGreaterThan(authored.length / 300);
  const next = new Y.Doc();
  Y.applyUpdate(next, fresh.state);
  expect(next.getText('content').toString()).toBe('wrote '.repeat(500));
  expect(next.store.clients.size).toBe(400 + 1);
  expect([...retiredClients(next)]).toEqual([doc.clientID]);
});
