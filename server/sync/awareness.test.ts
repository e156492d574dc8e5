import { expect, test } from 'vitest';
import { Awareness, encodeAwarenessUpdate } from 'y-protocols/awareness';
import * as Y from 'yjs';
import type { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';

interface State {
  readonly user?: { readonly name: string; readonly color: string; readonly role?: string };
  readonly cursor?: number;
}

const stateOf = (editor: Editor, who: Editor): State | undefined =>
  editor.awareness.getStates().get(who.doc.clientID) as State | undefined;

/** As the others see it: the server says the role. */
const seen = (name: string, cursor = 0): State => ({
  user: { name, color: '#112233', role: 'owner' },
  cursor,
});
const present = (name: string, cursor = 0): State => ({ user: { name, color: '#112233' }, cursor });

async function three(limits = {}): Promise<[Editor, Editor, Editor, string]> {
  const { url } = await testServer({ limits: { awarenessIntervalMs: 5, ...limits } });
  const editors = await Promise.all([
    join(url, 'anneal.yaml'),
    join(url, 'anneal.yaml'),
    join(url, 'anneal.yaml'),
  ]);
  return [...editors, url];
}

test('everybody sees who is there, also who comes later, and who leaves', async () => {
  const [ada, bob, , url] = await three();
  ada.awareness.setLocalState(present('Ada'));
  await bob.until(() => stateOf(bob, ada)?.user?.name === 'Ada');
  const late = await join(url, 'anneal.yaml');
  await late.until(() => stateOf(late, ada)?.user?.name === 'Ada');
  ada.socket.terminate(); // without saying goodbye
  await Promise.all([bob, late].map((editor) => editor.until(() => stateOf(editor, ada) === undefined)));
});

test('nobody speaks for another: neither fakes nor removes them', async () => {
  const [ada, bob, villain] = await three();
  for (const [editor, name] of [
    [ada, 'Ada'],
    [bob, 'Bob'],
    [villain, 'Villain'],
  ] as const) {
    editor.awareness.setLocalState(present(name));
  }
  await bob.until(() => bob.awareness.getStates().size === 3);
  const mask = new Awareness(new Y.Doc());
  mask.states.set(ada.doc.clientID, present('Not Ada'));
  mask.meta.set(ada.doc.clientID, { clock: 1000, lastUpdated: 0 });
  villain.sendAwareness(encodeAwarenessUpdate(mask, [ada.doc.clientID]));
  mask.states.delete(ada.doc.clientID);
  mask.meta.set(ada.doc.clientID, { clock: 1001, lastUpdated: 0 });
  villain.sendAwareness(encodeAwarenessUpdate(mask, [ada.doc.clientID]));
  mask.destroy();
  villain.awareness.setLocalState(present('Villain', 7)); // comes after both
  await bob.until(() => stateOf(bob, villain)?.cursor === 7);
  expect(stateOf(bob, ada)).toEqual(seen('Ada'));
});

test('who reconnects with an old clock is seen at once', async () => {
  const [ada, bob, , url] = await three();
  ada.awareness.setLocalState(present('Ada', 1));
  await bob.until(() => stateOf(bob, ada)?.cursor === 1);
  const frame = encodeAwarenessUpdate(ada.awareness, [ada.doc.clientID]);
  ada.socket.terminate();
  await bob.until(() => stateOf(bob, ada) === undefined);
  await join(url, 'anneal.yaml', { doc: ada.doc, hello: frame }); // with the clock that it had
  await bob.until(() => stateOf(bob, ada)?.cursor === 1);
});

test('a claim on the id of a dead socket is granted when that one is found dead', async () => {
  const [ada, bob, , url] = await three();
  ada.awareness.setLocalState(present('Ada', 1));
  await bob.until(() => stateOf(bob, ada)?.cursor === 1);
  ada.socket.pause(); // the line is cut: no pong comes back
  const frame = encodeAwarenessUpdate(
    ada.awareness,
    [ada.doc.clientID],
    new Map([[ada.doc.clientID, present('Ada', 2)]]),
  );
  await join(url, 'anneal.yaml', { doc: ada.doc, hello: frame });
  await bob.until(() => stateOf(bob, ada)?.cursor === 2);
  ada.socket.resume();
});

test('names are made fit to show', async () => {
  const [ada, bob] = await three();
  ada.awareness.setLocalState({
    user: { name: `  Ada\u202e\n${'x'.repeat(100)}`, color: 'url(evil)' },
    cursor: 1,
  });
  await bob.until(() => stateOf(bob, ada) !== undefined);
  expect(stateOf(bob, ada)).toEqual({
    user: { name: `Ada ${'x'.repeat(60)}`, color: '#808080', role: 'owner' },
    cursor: 1,
  });
});

test('what is too long or no object is not passed on', async () => {
  const [ada, bob] = await three();
  ada.awareness.setLocalState(present('Ada', 1));
  await bob.until(() => stateOf(bob, ada)?.cursor === 1);
  ada.awareness.setLocalState({ ...present('Ada', 2), rest: 'x'.repeat(20_000) });
  ada.awareness.setLocalState([1, 2, 3] as unknown as State);
  ada.awareness.setLocalState(present('Ada', 4));
  const cursors = new Set<number | undefined>();
  bob.awareness.on('change', () => cursors.add(stateOf(bob, ada)?.cursor));
  await bob.until(() => stateOf(bob, ada)?.cursor === 4);
  expect(cursors).toEqual(new Set([4]));
});

test('a cursor that moves faster than anybody sees is told in fewer frames, the last one always', async () => {
  const [ada, bob] = await three({ awarenessIntervalMs: 500 });
  const before = bob.messages.length;
  for (let i = 1; i <= 500; i++) ada.awareness.setLocalState(present('Ada', i));
  await bob.until(() => stateOf(bob, ada)?.cursor === 500);
  expect(bob.messages.length - before).toBeLessThan(100);
});

test('who is connected hears something before y-websocket gives the server up', async () => {
  // Who answers no ping for twice as long is dropped: so long a busy machine does not stand still.
  const { url } = await testServer({ limits: { heartbeatMs: 1_000 } });
  const editor = await join(url, 'anneal.yaml', { ask: false });
  const before = editor.messages.length;
  await editor.until(() => editor.messages.length >= before + 3);
});
