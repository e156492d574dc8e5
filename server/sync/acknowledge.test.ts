import { rm } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { CloseCode, MessageType } from '../../src/protocol/sync.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';

test('a socket is told at once how far the log is, and after each commit how many of its frames are in it', async () => {
  const { url } = await testServer();
  const ada = await join(url, 'notes.md');
  expect(ada.messages.slice(0, 3)).toEqual([MessageType.durable, MessageType.role, MessageType.sync]);
  expect(ada.role).toBe('owner');
  await ada.until(() => ada.stored === 1); // the answer to the server's step 1
  const { epoch, lsn } = ada;
  for (let i = 0; i < 5; i++) {
    ada.text.insert(0, 'x');
    await ada.untilStored();
  }
  expect(ada.stored).toBe(6);
  expect(ada.epoch).toBe(epoch);
  expect(ada.lsn).toBeGreaterThanOrEqual(lsn + 5);
  const bob = await join(url, 'notes.md');
  expect(bob.epoch).toBe(epoch);
  expect(bob.lsn).toBeGreaterThanOrEqual(ada.lsn);
});

test('the epoch stays over a restart, and the log goes on; a log that was lost is another one', async () => {
  const first = await testServer();
  const ada = await join(first.url, 'notes.md');
  ada.text.insert(0, 'one');
  await ada.untilStored();
  const { epoch, lsn } = ada;
  await first.close();
  const second = await testServer({ dataDir: first.dataDir });
  const bob = await join(second.url, 'notes.md');
  expect(bob.epoch).toBe(epoch);
  expect(bob.lsn).toBeGreaterThanOrEqual(lsn);
  await second.close();
  for (const end of ['', '-wal', '-shm'])
    await rm(joinPath(first.dataDir, `anneal.db${end}`), { force: true });
  const third = await testServer({ dataDir: first.dataDir });
  const cleo = await join(third.url, 'notes.md', { doc: ada.doc });
  expect(cleo.epoch).not.toBe(epoch);
  await cleo.untilStored(); // the answer to step 1 brought back what the server had lost
  const dan = await join(third.url, 'notes.md');
  expect(dan.text.toString()).toBe('one');
});

test('an edit that brings nothing new is acknowledged when what it repeats is on disk', async () => {
  const { url } = await testServer();
  const [ada, bob] = await Promise.all([join(url, 'notes.md'), join(url, 'notes.md')]);
  ada.text.insert(0, 'once');
  await bob.untilText('once');
  bob.sendUpdate(Y.encodeStateAsUpdate(bob.doc));
  await bob.untilStored();
  const late = await join(url, 'notes.md');
  expect(late.text.toString()).toBe('once');
});

test('a server that stops acknowledges all that it has taken in before it says goodbye', async () => {
  const first = await testServer();
  const paths = Array.from({ length: 5 }, (_, i) => `notes${i}.md`);
  const editors = await Promise.all(paths.map((path) => join(first.url, path)));
  await Promise.all(editors.map((editor) => editor.until(() => editor.stored === editor.sent)));
  for (const editor of editors) for (let i = 0; i < 40; i++) editor.text.insert(0, 'x');
  // The first acknowledgement says that the server has begun to read.
  await Promise.all(editors.map((editor) => editor.until(() => editor.stored > 1)));
  await first.close();
  const second = await testServer({ dataDir: first.dataDir });
  for (const [i, editor] of editors.entries()) {
    expect((await editor.closed).code).toBe(CloseCode.restart);
    const reader = await join(second.url, paths[i] ?? '');
    expect(reader.text.length).toBe(editor.stored - 1); // one frame was the answer to step 1
  }
});

test('what is acknowledged never goes back, also where a large update comes before one that brings nothing', async () => {
  const { url } = await testServer({ limits: { trialParts: 10, trialMs: 60_000 } });
  const ada = await join(url, 'notes.md');
  await ada.until(() => ada.stored === 1);
  const told: number[] = [];
  ada.socket.on('message', () => told.push(ada.stored));
  const author = new Y.Doc();
  author.transact(() => {
    for (let i = 0; i < 50; i++) author.getText('content').insert(0, 'x');
  });
  const large = Y.encodeStateAsUpdate(author);
  for (let i = 0; i < 2; i++) ada.sendUpdate(large);
  await ada.untilStored();
  await ada.leave(); // all that the server had to say has come
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect(told.at(-1)).toBe(3);
});
