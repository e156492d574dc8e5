import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import * as Y from 'yjs';
import {
  ACK_SUBPROTOCOL,
  CloseCode,
  MessageType,
  SyncMessageType,
  syncPath,
} from '../../src/protocol/sync.ts';
import { Editor } from '../testing/editor.ts';
import { SAMPLE_CONFIG, testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { seedText } from './seed.ts';

test('two editors see the sample and each other', async () => {
  const { url } = await testServer();
  const [ada, bob] = await Promise.all([join(url, 'anneal.yaml'), join(url, 'anneal.yaml')]);
  expect(ada.text.toString()).toBe(SAMPLE_CONFIG);
  ada.text.insert(0, '# ours\n');
  await bob.untilText(`# ours\n${SAMPLE_CONFIG}`);
  bob.text.delete(0, 7);
  await ada.untilText(SAMPLE_CONFIG);
});

test('what was acknowledged is there after a restart, deletions too', async () => {
  const first = await testServer();
  const ada = await join(first.url, 'anneal.yaml');
  ada.text.delete(0, ada.text.length);
  ada.text.insert(0, 'written');
  await ada.untilStored();
  await first.close();
  const second = await testServer({ dataDir: first.dataDir });
  const bob = await join(second.url, 'anneal.yaml');
  expect(bob.text.toString()).toBe('written');
});

test('a plain y-websocket client gets no message that it does not know', async () => {
  const { url } = await testServer();
  const plain = await join(url, 'anneal.yaml', { ask: false });
  const asking = await join(url, 'anneal.yaml');
  plain.text.insert(0, 'a');
  await asking.until(() => asking.text.toString().startsWith('a'));
  asking.text.insert(0, 'b');
  await asking.untilStored();
  await plain.until(() => plain.text.toString().startsWith('b'));
  expect(new Set(plain.messages)).toEqual(new Set([MessageType.sync]));
  expect(asking.messages).toContain(MessageType.durable);
});

test('trap: load before first sync: nobody is answered from an empty document', async () => {
  const first = await testServer();
  const ada = await join(first.url, 'anneal.yaml');
  const long = 'x'.repeat(200_000);
  ada.text.insert(0, long);
  await ada.untilStored();
  await first.close();
  const second = await testServer({ dataDir: first.dataDir });
  // Step 1 is sent the moment each socket opens, long before the document has been read from disk.
  const editors = await Promise.all(Array.from({ length: 5 }, () => join(second.url, 'anneal.yaml')));
  for (const editor of editors) expect(editor.text.toString()).toBe(long + SAMPLE_CONFIG);
});

test('trap: duplicate seed: two at once, and one who has the same seed offline', async () => {
  const { url } = await testServer();
  const offline = new Y.Doc();
  Y.applyUpdate(offline, seedText(SAMPLE_CONFIG)); // as a server whose folder was lost had seeded it
  const [a, b, c] = await Promise.all([
    join(url, 'anneal.yaml'),
    join(url, 'anneal.yaml'),
    join(url, 'anneal.yaml', { doc: offline }),
  ]);
  offline.getText('content').insert(0, '# offline\n');
  for (const editor of [a, b, c]) await editor.untilText(`# offline\n${SAMPLE_CONFIG}`);
});

test('trap: CRLF: a carriage return that an editor lets in is taken out before anybody sees it', async () => {
  const { url } = await testServer();
  const [ada, bob] = await Promise.all([join(url, 'notes.md'), join(url, 'notes.md')]);
  const seen: string[] = [];
  bob.text.observe(() => seen.push(bob.text.toString()));
  ada.text.insert(0, 'one\r\ntwo\rthree\r\r\n');
  await ada.untilText('one\ntwo\nthree\n\n');
  await bob.untilText('one\ntwo\nthree\n\n');
  expect(seen.join('')).not.toContain('\r');
});

test('trap: CRLF: any number of carriage returns is taken out without holding the server up', async () => {
  const { url } = await testServer();
  const pastes = ['\r'.repeat(60_000), '\rx'.repeat(30_000), `${'x'.repeat(48)}\r\n`.repeat(20_000)];
  for (const [i, paste] of pastes.entries()) {
    const ada = await join(url, `paste${i}.md`);
    const bob = await join(url, `paste${i}.md`);
    ada.text.insert(0, `before\n${paste}after\r\n`);
    const clean = `before\n${paste}after\r\n`.replace(/\r\n?/g, '\n');
    await Promise.all([ada.untilText(clean), bob.untilText(clean)]);
  }
});

test('trap: lost updates: leaving and coming back while the room unloads loses nothing', async () => {
  const { url } = await testServer({ limits: { idleMs: 0, logUpdates: 3 } });
  let expected = '';
  for (let round = 0; round < 20; round++) {
    const editor = await join(url, 'notes.md');
    expect(editor.text.toString()).toBe(expected);
    for (let i = 0; i < 5; i++) editor.text.insert(editor.text.length, `${round}.${i} `);
    expected = editor.text.toString();
    // Not waited for: the room has unstored updates when its last editor goes.
    await editor.leave();
  }
});

const refusals: [string, string, number][] = [
  ['an unknown project', syncPath('nobody', 'anneal.yaml'), CloseCode.projectNotFound],
  ['a path that climbs', '/sync/sample/..%2F..%2Fetc%2Fpasswd', CloseCode.badRequest],
  ['a path that is absolute', '/sync/sample/%2Fetc%2Fpasswd', CloseCode.badRequest],
  ['a path that is badly encoded', '/sync/sample/%E0%A4%A', CloseCode.badRequest],
  ['a path that is reserved', '/sync/sample/.project-secret', CloseCode.badRequest],
  ['no path', '/sync/sample/', CloseCode.badRequest],
];
test.each(refusals)('%s is refused for good', async (_, address, code) => {
  const { url } = await testServer();
  const editor = new Editor(url, address);
  expect((await editor.closed).code).toBe(code);
});

test('paths may be encoded as a whole or part by part', async () => {
  const { url } = await testServer();
  const ada = await join(url, 'data/räume und mehr.txt');
  ada.text.insert(0, 'here');
  const bob = new Editor(url, `/sync/sample/data/${encodeURIComponent('räume und mehr.txt')}`);
  await bob.untilText('here');
  await bob.leave();
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const hostile: [string, () => Uint8Array][] = [
  ['seven bytes that make Yjs allocate 240 MB', () => bytes(1, 0x80, 0x8d, 0x9f, 0x0e, 1, 0, 0)],
  ['a V2 update', () => v2Update()],
  ['structs for 60,000 clients', () => manyClients(60_000)],
  ['a nested document', () => documentWith((doc) => doc.getMap('content').set('sub', new Y.Doc()))],
  ['another root', () => documentWith((doc) => doc.getText('elsewhere').insert(0, 'x'))],
  ['a map for a text', () => documentWith((doc) => doc.getMap('content').set('key', 'value'))],
  ['garbage', () => bytes(255, 255, 255, 255, 255, 255, 255, 255, 255, 255)],
];
test.each(hostile)('hostile update: %s is refused, and the others do not notice', async (_, make) => {
  const { url } = await testServer();
  const [villain, ada, bob] = await Promise.all([
    join(url, 'anneal.yaml'),
    join(url, 'anneal.yaml'),
    join(url, 'anneal.yaml'),
  ]);
  const before = process.memoryUsage().rss;
  const started = process.cpuUsage();
  villain.sendRaw(MessageType.sync, 2, make());
  expect((await villain.closed).code).toBe(CloseCode.refusedUpdate);
  ada.text.insert(0, 'alive\n');
  await bob.untilText(`alive\n${SAMPLE_CONFIG}`);
  const { user, system } = process.cpuUsage(started);
  expect(user + system).toBeLessThan(2_000_000);
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
});

test('an update that takes too long is found out in a thread of its own', async () => {
  const { url } = await testServer({ limits: { trialMs: 1, trialMsPerPart: 0, trialParts: 0 } });
  const editor = await join(url, 'notes.md');
  const update = documentWith((doc) => {
    const text = doc.getText('content');
    for (let i = 0; i < 20_000; i++) text.insert(0, 'x');
  });
  editor.sendRaw(MessageType.sync, 2, update);
  const { code, reason } = await editor.closed;
  expect(code).toBe(CloseCode.refusedUpdate);
  expect(reason).toMatch(/takes more than/);
});

test('honest large edits pass the trial, in the order in which they were made', async () => {
  // A thread may be long in coming where others have much to do: of how long it takes is the test before.
  const { url } = await testServer({ limits: { trialParts: 0, trialMs: 60_000 } });
  const [ada, bob] = await Promise.all([join(url, 'notes.md'), join(url, 'notes.md')]);
  ada.text.insert(0, 'a'.repeat(1000));
  ada.text.insert(500, 'middle');
  ada.text.delete(0, 400);
  ada.text.insert(0, 'b'.repeat(1000));
  await bob.untilText(ada.text.toString());
  await ada.untilStored();
});

test('a long paste into a long document is no attack', async () => {
  const { url } = await testServer();
  const [ada, bob] = await Promise.all([join(url, 'notes.md'), join(url, 'notes.md')]);
  // As after months of work: pieces all over, many of them deleted, and megabytes of text.
  ada.doc.transact(() => {
    for (let i = 0; i < 12_000; i++) ada.text.insert((i * 7919) % (ada.text.length + 1), 'ab');
    for (let i = 0; i < 3_000; i++) ada.text.delete((i * 104_729) % ada.text.length, 1);
    ada.text.insert(0, 'x'.repeat(3_000_000));
  });
  await ada.untilStored();
  for (let i = 0; i < 4; i++) ada.text.insert(1_000_000 + i, 'pasted '.repeat(10_000)); // 70 kB each
  await ada.untilStored();
  await bob.untilText(ada.text.toString());
});

/** What an author sends who inserts these one after the other. */
function typedIn(doc: Y.Doc, pieces: readonly string[]): readonly Uint8Array[] {
  const updates: Uint8Array[] = [];
  doc.on('update', (update: Uint8Array) => updates.push(update));
  for (const piece of pieces) doc.getText('content').insert(doc.getText('content').length, piece);
  return updates;
}

test('what overtakes what it builds on is not promised: its sender comes again, with both', async () => {
  const first = await testServer();
  const editor = await join(first.url, 'notes.md');
  const doc = new Y.Doc();
  const [, second = new Uint8Array()] = typedIn(doc, ['one ', 'two']);
  editor.sendUpdate(second);
  expect((await editor.closed).code).toBe(CloseCode.resync);
  expect(editor.stored).toBeLessThan(editor.sent);
  const again = await join(first.url, 'notes.md', { doc });
  await again.untilStored();
  await first.close();
  const later = await testServer({ dataDir: first.dataDir });
  const reader = await join(later.url, 'notes.md');
  expect(reader.text.toString()).toBe('one two');
});

test('what is typed between the opening of a socket and the answer to step 1 is promised with the answer', async () => {
  const { url } = await testServer();
  const doc = new Y.Doc();
  const [, second = new Uint8Array(), third = new Uint8Array()] = typedIn(doc, ['offline ', 'typed ', 'on']);
  const socket = new WebSocket(`${url.replace('http', 'ws')}${syncPath('sample', 'notes.md')}`, [
    ACK_SUBPROTOCOL,
  ]);
  onTestFinished(() => socket.terminate());
  const told: number[] = [];
  const stored = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => {
      const decoder = decoding.createDecoder(data);
      if (decoding.readVarUint(decoder) !== MessageType.durable) return;
      decoding.readVarUint(decoder);
      decoding.readVarUint(decoder);
      told.push(decoding.readVarUint(decoder));
      if (told.at(-1) === 4) resolve();
    });
  });
  const say = (type: number, update: Uint8Array): void =>
    socket.send(
      encoding.encode((encoder) => {
        encoding.writeVarUint(encoder, MessageType.sync);
        encoding.writeVarUint(encoder, type);
        encoding.writeVarUint8Array(encoder, update);
      }),
    );
  const other = new Y.Doc();
  other.getText('content').insert(0, 'whole ');
  await new Promise((resolve) => socket.on('open', resolve));
  for (const update of [second, third, Y.encodeStateAsUpdate(other)]) say(SyncMessageType.update, update);
  say(SyncMessageType.step2, Y.encodeStateAsUpdate(doc));
  await stored;
  expect(told).toEqual([0, 4]); // not the third frame, which was on disk: it would promise the first two
  const reader = await join(url, 'notes.md');
  expect(reader.text.toString()).toContain('offline typed on');
});

test('who never answers step 1 is sent away with what he left out', async () => {
  const { url } = await testServer({ limits: { answerMs: 20 } });
  const [, second = new Uint8Array()] = typedIn(new Y.Doc(), ['one ', 'two']);
  const socket = new WebSocket(`${url.replace('http', 'ws')}${syncPath('sample', 'notes.md')}`);
  const closed = new Promise<number>((resolve) => void socket.on('close', resolve));
  await new Promise((resolve) => socket.on('open', resolve));
  socket.send(
    encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, MessageType.sync);
      encoding.writeVarUint(encoder, SyncMessageType.update);
      encoding.writeVarUint8Array(encoder, second);
    }),
  );
  expect(await closed).toBe(CloseCode.resync);
});

test('no carriage return gets in by overtaking what it builds on', async () => {
  const { url } = await testServer();
  const [ada, bob] = await Promise.all([join(url, 'notes.md'), join(url, 'notes.md')]);
  let seen = '';
  bob.doc.on('update', () => {
    seen += bob.text.toString();
  });
  const doc = new Y.Doc();
  const [one = new Uint8Array(), two = new Uint8Array()] = typedIn(doc, ['x', 'b: 2\r\n']);
  ada.sendUpdate(two);
  ada.sendUpdate(one);
  await ada.closed;
  await join(url, 'notes.md', { doc });
  await bob.untilText('xb: 2\n');
  expect(seen).not.toContain('\r');
});

test('frames that are too long or make no sense end the connection', async () => {
  const { url } = await testServer({ limits: { messageBytes: 10_000 } });
  const long = await join(url, 'anneal.yaml');
  long.socket.send(Buffer.alloc(10_001));
  expect((await long.closed).code).toBe(CloseCode.messageTooLong);
  const words = await join(url, 'anneal.yaml');
  words.socket.send('hello');
  expect((await words.closed).code).toBe(CloseCode.badRequest);
  const odd = await join(url, 'anneal.yaml');
  odd.sendRaw(77);
  expect((await odd.closed).code).toBe(CloseCode.badRequest);
});

test('a document does not grow beyond its bound', async () => {
  const { url } = await testServer({ limits: { documentBytes: 50_000 } });
  const editor = await join(url, 'notes.md');
  editor.text.insert(0, 'x'.repeat(40_000));
  await editor.untilStored();
  editor.text.insert(0, 'y'.repeat(20_000));
  expect((await editor.closed).code).toBe(CloseCode.tooLarge);
});

test('from a document that is full one can still delete', async () => {
  const { url } = await testServer({ limits: { documentBytes: 10_000 } });
  const editor = await join(url, 'notes.md');
  editor.text.insert(0, 'x'.repeat(9_950));
  // Each of these cuts a piece in two, so that the state grows before it shrinks.
  for (let i = 0; i < 40; i++) editor.text.delete(i, 1);
  editor.text.delete(0, 4_000);
  await editor.untilStored();
  editor.text.insert(0, 'room again');
  await editor.untilStored();
  expect(editor.text.length).toBe(9_950 - 4_000 - 40 + 10);
});

test('a slow client is dropped, and the others go on', async () => {
  const { url } = await testServer({ limits: { bufferedBytes: 200_000 } });
  const [slow, ada, bob] = await Promise.all([
    join(url, 'notes.md'),
    join(url, 'notes.md'),
    join(url, 'notes.md'),
  ]);
  slow.socket.pause();
  const dropped = slow.closed;
  // The system takes some megabytes on the slow one's behalf before anything piles up here.
  for (let i = 0; i < 200; i++) {
    ada.text.insert(0, 'z'.repeat(60_000));
    ada.text.delete(0, 60_000);
    await ada.untilStored();
  }
  ada.text.insert(0, 'done');
  await bob.until(() => bob.text.toString() === 'done');
  slow.socket.resume();
  expect((await dropped).code).toBe(1006);
});

test('a socket is read no faster than its share', async () => {
  const { url } = await testServer({ limits: { messagesPerSecond: 100 } });
  const editor = await join(url, 'notes.md');
  const started = performance.now();
  for (let i = 0; i < 260; i++) editor.text.insert(0, 'x');
  await editor.untilStored();
  // 200 at once, the rest at 100 a second.
  expect(performance.now() - started).toBeGreaterThan(400);
  expect(editor.text.length).toBe(260);
});

test('questions that are long to answer take no more than their share of the server', async () => {
  const { url } = await testServer({ limits: { msPerSecond: 5 } });
  const editor = await join(url, 'notes.md');
  // Each letter is a struct of its own, since the next one goes before it.
  editor.doc.transact(() => {
    for (let i = 0; i < 20_000; i++) editor.text.insert(0, 'x');
  });
  await editor.untilStored();
  const greedy = await join(url, 'notes.md');
  const before = greedy.messages.length;
  // Nothing is missing, which the server finds out by looking at every struct.
  const question = Y.encodeStateVector(greedy.doc);
  for (let i = 0; i < 1_000; i++) greedy.sendRaw(MessageType.sync, 0, question);
  const other = await join(url, 'other.md');
  other.text.insert(0, 'x');
  await other.untilStored();
  expect(greedy.messages.length - before).toBeLessThan(1_000);
  greedy.socket.terminate();
});

test('a file that was moved to a long name is gone, and its old address says so', async () => {
  const { url } = await testServer();
  const to = `${'ü'.repeat(120)}/${'ö'.repeat(100)}.md`;
  const path = `${url}/api/v1/projects/sample/files/anneal.yaml`;
  const body = JSON.stringify({ path: to });
  await fetch(path, { method: 'PATCH', body, headers: { 'content-type': 'application/json' } });
  const late = new Editor(url, syncPath('sample', 'anneal.yaml'));
  expect(await late.closed).toEqual({ code: CloseCode.gone, reason: expect.stringMatching(/^Moved to ü+$/) });
  expect((await fetch(`${url}/api/v1/health`)).status).toBe(200);
});

function documentWith(fill: (doc: Y.Doc) => void): Uint8Array {
  const doc = new Y.Doc();
  fill(doc);
  return Y.encodeStateAsUpdate(doc);
}

function v2Update(): Uint8Array {
  const doc = new Y.Doc();
  doc.getText('content').insert(0, 'hello');
  return Y.encodeStateAsUpdateV2(doc);
}

/** Each struct builds on one that nobody has: Yjs sorts through all clients for every one of them. */
function manyClients(count: number): Uint8Array {
  const out: number[] = [];
  const varUint = (value: number): void => {
    let rest = value;
    for (; rest > 127; rest = Math.floor(rest / 128)) out.push((rest % 128) | 0x80);
    out.push(rest);
  };
  varUint(count);
  for (let client = 1; client <= count; client++) {
    out.push(1);
    varUint(client);
    out.push(1, 0, 1);
  }
  out.push(0);
  return Uint8Array.from(out);
}
