import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { textKey } from '../store/requests/review.ts';
import { anyFiles, type DeafServer, deafServers } from '../testing/deaf-servers.ts';
import { textOf } from './review-documents.ts';
import { Suggestions } from './suggestions.ts';
import { Versions } from './versions.ts';

const file = { project: 'p', path: 'anneal.yaml' };
const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };
const named = { kind: 'named', name: 'good', run: null, by: ada } as const;
let now = 1;
const clock = { now: () => now, elapsed: () => now };
const moved = { code: protocolErrors.textMoved.code };

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

/** Two servers that never hear of one another, with the same text in memory. */
async function servers(text: string) {
  const deaf = await deafServers();
  const { store } = deaf;
  const watch = { sent: () => new Map(), takeEditors: () => [], giveBackEditors: () => undefined };
  const [first, second] = [deaf.first, deaf.second].map((server) => ({
    ...server,
    suggestions: new Suggestions(server.documents, store, clock),
    versions: new Versions({
      documents: server.documents,
      files: anyFiles,
      store,
      clock,
      watch: () => watch,
    }),
  }));
  if (first === undefined || second === undefined) return expect.fail('two servers');
  await type(first, text);
  const read = ({ rooms }: DeafServer) => rooms.read(file, (doc) => textOf(doc).toString());
  expect(await read(second)).toBe(text);
  const texts = async () => {
    await Promise.all([first.rooms.look(), second.rooms.look()]);
    return Promise.all([read(first), read(second)]);
  };
  return { store, first, second, texts };
}

const type = ({ documents }: DeafServer, words: string, at = 0): Promise<void> =>
  documents.both(file, ({ text }) => text.edit((doc) => textOf(doc).insert(at, words)));

test('a text is taken back only while it is what was seen, whichever server has changed it', async () => {
  const { first, second, texts } = await servers('a: 1\na: 2\n');
  await type(first, '# mended\n');
  const replaces = hashOf('a: 1\na: 2\n');
  await expect(second.versions.takeBack(file, bob, { text: 'a: 1\n', replaces })).rejects.toMatchObject(
    moved,
  );
  const seen = { text: 'a: 1\n', replaces: hashOf('# mended\na: 1\na: 2\n') };
  const { before } = await second.versions.takeBack(file, bob, seen);
  expect(before?.sha256).toBe(seen.replaces);
  expect(await texts()).toEqual(['a: 1\n', 'a: 1\n']);
});

test('of those who take a text back at once at two servers one does', async () => {
  for (let round = 0; round < 5; round++) {
    const { first, second, texts } = await servers('a: 1\na: 2\n');
    const replaces = hashOf('a: 1\na: 2\n');
    const outcomes = await Promise.allSettled([
      first.versions.takeBack(file, ada, { text: 'b: 1\n', replaces }),
      second.versions.takeBack(file, bob, { text: 'b: 2\n', replaces }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find((one) => one.status === 'rejected')?.reason).toMatchObject(moved);
    const text = outcomes[0].status === 'fulfilled' ? 'b: 1\n' : 'b: 2\n';
    expect(await texts()).toEqual([text, text]);
  }
});

test('a version that two restore at once is there once, also where only one server has heard of it', async () => {
  const { first, second, texts } = await servers('good: 1\n');
  await second.versions.list(file);
  const { id } = await first.versions.create(file, named);
  await type(first, 'bad: 2\n');
  await Promise.all([first.versions.restore(file, id, ada), second.versions.restore(file, id, bob)]);
  expect(await texts()).toEqual(['good: 1\n', 'good: 1\n']);
});

test('edits that met are noted once, and only where they still are what the text says', async () => {
  const { first, second } = await servers('a: 1\na: 2\n');
  const merge = { merged: hashOf('a: 1\na: 2\n'), good: 'a: 1\n' };
  const noted = await Promise.all([
    first.versions.noteMerge(file, merge),
    second.versions.noteMerge(file, merge),
  ]);
  expect(noted[0].id).toBe(noted[1].id);
  await type(first, '# mended\n');
  await expect(second.versions.noteMerge(file, merge)).rejects.toMatchObject(moved);
});

test('a suggestion is not accepted into lines that are being taken back at another server', async () => {
  for (let round = 0; round < 5; round++) {
    const { first, second, texts } = await servers('max_steps: 20\n');
    const edit = await first.documents.both(file, ({ text }) => {
      const place = (at: number, assoc: number) =>
        Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(textOf(text.doc), at, assoc));
      return { start: place(11, 0), end: place(13, -1), oldText: '20', newText: '30' };
    });
    const wish = { title: 'More', note: '', edits: [edit], evidence: null };
    const { id } = await first.suggestions.suggest(file, ada, wish);
    const replaces = hashOf('max_steps: 20\n');
    const outcomes = await Promise.allSettled([
      first.suggestions.decide(file, ada, id, 'accepted'),
      second.versions.takeBack(file, bob, { text: 'max_steps: 10\n', replaces }),
    ]);
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const text = `max_steps: ${outcomes[0].status === 'fulfilled' ? 30 : 10}\n`;
    expect(await texts()).toEqual([text, text]);
  }
});

test('a server that died over a text does not keep others from it for ever, and its late commit is refused', async () => {
  const { store, second, texts } = await servers('a: 1\na: 2\n');
  const dead = { ...file, token: 'of the dead' };
  expect(await store.call('claimText', { ...dead, at: now, before: 0 })).toBe(true);
  now += 30_001;
  await second.versions.takeBack(file, bob, { text: 'a: 1\n', replaces: hashOf('a: 1\na: 2\n') });
  expect(await texts()).toEqual(['a: 1\n', 'a: 1\n']);
  const late = { kind: 'decide', ...file, suggestion: textKey(file), token: dead.token } as const;
  await expect(store.write(late)).rejects.toThrow();
});
