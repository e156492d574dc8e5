import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { type Anchor, ReviewRoot, reviewDocument } from '../../src/protocol/review.ts';
import { CloseCode } from '../../src/protocol/sync.ts';
import { createClient } from '../../src/sdk/client.ts';
import { startServer } from '../server.ts';
import type { Editor } from '../testing/editor.ts';
import { SAMPLE_CONFIG, temporaryFolder, testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';

const file = { project: 'sample', path: 'anneal.yaml' };
const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');

function position(text: Y.Text, at: number, assoc: number): Anchor['start'] {
  const relative = Y.createRelativePositionFromTypeIndex(text, at, assoc);
  return Y.relativePositionToJSON(relative) as Anchor['start'];
}

function anchorOf(text: Y.Text, quote: string): Anchor {
  const at = text.toString().indexOf(quote);
  return { start: position(text, at, 0), end: position(text, at + quote.length, -1), quote };
}

const editOf = (text: Y.Text, oldText: string, newText: string) => {
  const { start, end } = anchorOf(text, oldText);
  return { start, end, oldText, newText };
};

async function refused(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as AnnealError).code;
  }
  return 'nothing was refused';
}

/** Who the editor is, as the studio says it in its awareness. */
function introduce(editor: Editor, { id, name }: typeof ada): void {
  editor.awareness.setLocalState({ person: id, user: { name, color: '#123456' } });
}

test('a thread is live for whoever reads along, stays with its words, is answered, resolved and opened again', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const writer = await join(url, 'anneal.yaml');
  const reader = await join(url, reviewDocument('anneal.yaml'));
  const anchor = anchorOf(writer.text, 'max_steps: 20');
  const thread = await review.startThread(file, { anchor, text: 'Why 20?', as: ada });
  expect(thread).toMatchObject({ by: ada, resolved: null, comments: [{ by: ada, text: 'Why 20?' }] });
  await reader.until(() => reader.doc.getMap(ReviewRoot.threads).has(thread.id));

  writer.text.insert(0, '# a line of its own\n');
  await writer.untilStored();
  const at = Y.createAbsolutePositionFromRelativePosition(
    Y.createRelativePositionFromJSON(thread.anchor?.start),
    writer.doc,
  );
  expect(writer.text.toString().slice(at?.index)).toMatch(/^max_steps: 20/);

  const resolved = await review.resolve(file, thread.id, { resolved: true, as: bob });
  expect(resolved.resolved).toMatchObject({ by: bob });
  const answered = await review.reply(file, thread.id, { text: 'It is a sample.', as: bob });
  expect(answered.resolved).toBe(null);
  expect(answered.comments.map(({ by, text }) => [by.name, text])).toEqual([
    ['Ada', 'Why 20?'],
    ['Bob', 'It is a sample.'],
  ]);
  expect((await review.all(file)).threads).toEqual([answered]);
  expect(await refused(review.reply(file, 'gone', { text: 'x', as: bob }))).toBe(
    protocolErrors.threadNotFound.code,
  );
  expect(await refused(review.startThread(file, { anchor: null, text: 'Who?' }))).toBe(
    protocolErrors.badRequest.code,
  );
});

test('no socket writes what is said: it is closed, and nothing of it is told', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  await review.startThread(file, { anchor: null, text: 'Mine', as: ada });
  const stranger = await join(url, reviewDocument('anneal.yaml'));
  const honest = await join(url, reviewDocument('anneal.yaml'));
  const threads = stranger.doc.getMap(ReviewRoot.threads);
  for (const id of threads.keys()) threads.delete(id);
  expect([CloseCode.forbidden, CloseCode.refusedUpdate]).toContain((await stranger.closed).code);
  expect(honest.doc.getMap(ReviewRoot.threads).size).toBe(1);
  expect((await review.all(file)).threads).toHaveLength(1);
});

test('a mention is unread for whoever is mentioned, until they have read the thread', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const text = 'What do you say, @[Bob](bob)? And I, @[Ada](ada)?';
  const thread = await review.startThread(file, { anchor: null, text, as: ada });
  expect(await review.mentions('sample', bob)).toEqual([
    {
      path: 'anneal.yaml',
      thread: thread.id,
      comment: thread.comments[0]?.id,
      by: 'Ada',
      created: thread.created,
    },
  ]);
  expect(await review.mentions('sample', ada)).toEqual([]);
  expect(await review.readMentions('sample', { thread: thread.id, as: ada })).toBe(0);
  expect(await review.readMentions('sample', { thread: thread.id, as: bob })).toBe(1);
  expect(await review.mentions('sample', bob)).toEqual([]);
});

test('odd words are kept as they can be written down; ids and people that make no sense are refused', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const odd = { id: 'ada', name: ' A\u0000da ' };
  const thread = await review.startThread(file, { anchor: null, text: 'half \ud800 a pair', as: odd });
  expect(thread.comments[0]).toMatchObject({ by: { name: 'A\uFFFDda' }, text: 'half \uFFFD a pair' });
  const refusals = [
    review.startThread(file, { anchor: null, text: ' \n ', as: ada }),
    review.startThread(file, { anchor: null, text: 'x', as: { id: 'a\u0000', name: 'A' } }),
    review.startThread(file, { anchor: null, text: 'x'.repeat(10_001), as: ada }),
    review.reply(file, 'a b', { text: 'x', as: ada }),
    review.suggest(file, { title: 'x', note: '', edits: [], as: ada }),
    review.createVersion(file, { kind: 'named', name: '  ', as: ada }),
    review.mentions('sample', { id: '', name: '' }),
  ];
  const codes = await Promise.all(refusals.map(refused));
  expect(new Set(codes)).toEqual(new Set([protocolErrors.badRequest.code]));
});

test('an accepted suggestion changes the text at once, as written by who suggested it', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const editor = await join(url, 'anneal.yaml');
  const evidence = {
    run: 'r1',
    name: 'sample 3',
    state: 'finished',
    step: 40,
    max_steps: 40,
    loss: 1.25,
    validation_loss: null,
    device: 'reference',
    config_sha256: null,
  };
  const suggestion = await review.suggest(file, {
    title: 'Twice as long',
    note: 'It still falls.',
    edits: [editOf(editor.text, '20', '40'), editOf(editor.text, 'stories', 'tales\r\n')],
    evidence,
    as: bob,
  });
  expect(suggestion).toMatchObject({ by: bob, decision: null, evidence });
  editor.text.insert(0, '# elsewhere\n'); // what others write elsewhere does not matter
  await editor.untilStored();

  const accepted = await review.decide(file, suggestion.id, { decision: 'accepted', as: ada });
  expect(accepted.decision).toMatchObject({ kind: 'accepted', by: ada });
  const text = `# elsewhere\n${SAMPLE_CONFIG.replace('20', '40').replace('stories', 'tales\n')}`;
  await editor.untilText(text);
  const reader = await join(url, reviewDocument('anneal.yaml'));
  expect([...reader.doc.getMap(ReviewRoot.authors).values()]).toEqual([bob]);
  expect(await refused(review.decide(file, suggestion.id, { decision: 'rejected', as: ada }))).toBe(
    protocolErrors.suggestionDecided.code,
  );
});

test('a suggestion for a text that has changed there is not made; it can be rejected or withdrawn', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const editor = await join(url, 'anneal.yaml');
  const wish = { title: 'More', note: '', edits: [editOf(editor.text, '20', '40')], as: bob };
  const [first, second] = [await review.suggest(file, wish), await review.suggest(file, wish)];
  editor.text.insert(editor.text.toString().indexOf('20') + 1, '5');
  await editor.untilStored();
  const before = editor.text.toString();
  expect(await refused(review.decide(file, first.id, { decision: 'accepted', as: ada }))).toBe(
    protocolErrors.suggestionStale.code,
  );
  expect(await refused(review.withdraw(file, first.id, { as: ada }))).toBe(
    protocolErrors.suggestionForeign.code,
  );
  await review.withdraw(file, first.id, { as: bob });
  await review.decide(file, second.id, { decision: 'rejected', as: ada });
  const decisions = (await review.all(file)).suggestions.map(({ decision }) => decision?.kind);
  expect(decisions).toEqual(['withdrawn', 'rejected']);
  expect(await createClient({ baseUrl: url }).files.read('sample', 'anneal.yaml')).toBe(before);
});

test('a version knows its text and whose each part is; restoring is an edit, with a way back', async () => {
  const { url } = await testServer();
  const client = createClient({ baseUrl: url });
  const { review } = client;
  const editor = await join(url, 'anneal.yaml');
  introduce(editor, ada);
  const named = await review.createVersion(file, { kind: 'named', name: 'as it came', as: bob });
  expect(named).toMatchObject({
    kind: 'named',
    name: 'as it came',
    by: bob,
    characters: SAMPLE_CONFIG.length,
  });

  editor.text.insert(editor.text.length, '  seed: 1\n');
  await editor.untilStored();
  const text = editor.text.toString();
  const run = await review.createVersion(file, { kind: 'run', run: 'r1', name: 'sample 1', text, as: ada });
  expect(run).toMatchObject({ kind: 'run', run: 'r1', editors: [ada] });

  expect(await review.restoreVersion(file, named.id, { as: bob })).toEqual(run);
  await editor.untilText(SAMPLE_CONFIG);
  expect(await review.restoreVersion(file, named.id, { as: bob })).toBe(null);
  expect(await review.restoreVersion(file, run.id, { as: bob })).toMatchObject({ kind: 'auto', by: null });
  await editor.untilText(`${SAMPLE_CONFIG}  seed: 1\n`);

  const now = await review.createVersion(file, { kind: 'named', name: 'now', as: ada });
  const { content } = await review.readVersion(file, now.id);
  expect(content.text).toBe(`${SAMPLE_CONFIG}  seed: 1\n`);
  expect(content.people).toEqual([bob]);
  expect(content.spans).toEqual([
    [SAMPLE_CONFIG.length, -1],
    ['  seed: 1\n'.length, 0],
  ]);
  expect((await review.versions(file))[0]).toEqual(now);
});

test('a version of a run is the text that it trained, however far the server is', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const editor = await join(url, 'anneal.yaml');
  introduce(editor, ada);
  editor.text.insert(0, '# by Ada\n');
  await editor.untilStored();
  const text = editor.text.toString().replace('20', '40');
  const run = await review.createVersion(file, { kind: 'run', run: 'r1', name: 'sample 1', text, as: bob });
  expect(run).toMatchObject({ sha256: hashOf(text), characters: text.length, name: 'sample 1' });
  const { content } = await review.readVersion(file, run.id);
  expect(content.text).toBe(text);
  // Who wrote the rest is known at once, not only after a pause.
  const shares = content.spans.map(([length, author]) => [length, content.people[author]?.name ?? null]);
  expect(shares).toEqual([
    ['# by Ada\n'.length, 'Ada'],
    ['project: stories\ntraining:\n'.length, null],
    ['  max_steps: 40\n'.length, 'Bob'],
  ]);
});

test('a run that began while the server was away is kept as of then, once, however often it is sent', async () => {
  const { url } = await testServer();
  const client = createClient({ baseUrl: url });
  const { review } = client;
  const before = Date.now();
  const later = await review.createVersion(file, { kind: 'named', name: 'after it', as: ada });
  const wish = { kind: 'run', run: '20260131-093000-k3x9', name: 'tiny 1', text: 'a: 1\n', as: ada } as const;
  const age = 60_000;
  const sent = await Promise.all([1, 2, 3].map(() => review.createVersion(file, { ...wish, age })));
  const again = await review.createVersion(file, { ...wish, age: 70_000 });
  expect(new Set([...sent, again].map(({ id }) => id)).size).toBe(1);
  expect(again.created).toBeLessThan(before - age + 30_000);
  expect((await review.readVersion(file, again.id)).content.text).toBe('a: 1\n');
  expect((await review.versions(file)).map(({ id }) => id)).toEqual([later.id, again.id]);
  // Another text, or another run, is another version; and a file that was deleted may be restored.
  await client.files.remove('sample', 'anneal.yaml');
  await review.createVersion(file, { ...wish, text: 'a: 2\n', age });
  await review.createVersion(file, { ...wish, run: 'another', age });
  await client.files.restore('sample', 'anneal.yaml');
  expect(await review.versions(file)).toHaveLength(4);
  const huge = await review.createVersion(file, { ...wish, run: 'of ages', age: Number.MAX_SAFE_INTEGER });
  expect(huge.created).toBe(0);
});

test('who writes under the client of somebody else takes nothing upon that one', async () => {
  const pauses = { pauseMs: 20, longestMs: 10_000, lookMs: 10 };
  const { url } = await testServer({ pauses });
  const { review } = createClient({ baseUrl: url });
  const reader = await join(url, reviewDocument('anneal.yaml'));
  const authors = reader.doc.getMap(ReviewRoot.authors);
  const writer = await join(url, 'anneal.yaml');
  introduce(writer, ada);
  writer.text.insert(0, '# by Ada\n');
  await reader.until(() => authors.size === 1);
  const client = writer.doc.clientID;
  await writer.leave();

  const forger = await join(url, 'anneal.yaml');
  introduce(forger, bob);
  forger.doc.clientID = client;
  forger.text.insert(0, '# nonsense\n');
  await reader.until(() => authors.size === 2);
  expect(authors.get(String(client))).toEqual(ada);
  expect(authors.get(`${client}:${'# by Ada\n'.length}`)).toEqual(bob);
  const kept = await review.createVersion(file, { kind: 'named', name: 'now', as: ada });
  const { content } = await review.readVersion(file, kept.id);
  expect(content.spans.map(([length, author]) => [length, content.people[author]?.name])).toEqual([
    ['# nonsense\n'.length, 'Bob'],
    ['# by Ada\n'.length, 'Ada'],
    [SAMPLE_CONFIG.length, undefined],
  ]);
});

test('a text is taken back by one of those who want to, and only while it is what they saw', async () => {
  const { url } = await testServer();
  const client = createClient({ baseUrl: url });
  const { review } = client;
  const editor = await join(url, 'anneal.yaml');
  editor.text.insert(0, 'a: 1\na: 2\n');
  await editor.untilStored();
  const replaces = hashOf(editor.text.toString());
  const outcomes = await Promise.allSettled([
    review.takeBack(file, { text: `a: 1\n${SAMPLE_CONFIG}`, replaces, as: ada }),
    review.takeBack(file, { text: `a: 2\n${SAMPLE_CONFIG}`, replaces, as: bob }),
  ]);
  const done = outcomes.filter(({ status }) => status === 'fulfilled');
  expect(done).toHaveLength(1);
  const [refusal] = outcomes.filter((one) => one.status === 'rejected');
  expect(refusal?.reason).toMatchObject({ code: protocolErrors.textMoved.code });
  const after = await client.files.read('sample', 'anneal.yaml');
  expect([`a: 1\n${SAMPLE_CONFIG}`, `a: 2\n${SAMPLE_CONFIG}`]).toContain(after);
  // What stood there is a version, so that this can be taken back as well.
  const before = done[0]?.status === 'fulfilled' ? done[0].value : null;
  await review.restoreVersion(file, before?.id ?? '', { as: ada });
  expect(hashOf(await client.files.read('sample', 'anneal.yaml'))).toBe(replaces);
});

test('edits that met are there for who comes later, with the last text that parsed', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const editor = await join(url, 'anneal.yaml');
  editor.text.insert(0, 'a: 1\na: 2\n');
  await editor.untilStored();
  const merged = hashOf(editor.text.toString());
  const [first, second] = await Promise.all([
    review.noteMerge(file, { merged, good: `a: 1\n${SAMPLE_CONFIG}` }),
    review.noteMerge(file, { merged, good: `a: 1\n${SAMPLE_CONFIG}` }),
  ]);
  expect((await review.readVersion(file, first.id)).content.text).toBe(`a: 1\n${SAMPLE_CONFIG}`);
  expect((await review.noteMerge(file, { merged, good: 'other: 1\n' })).id).toBe(second.id);
  const late = await join(url, reviewDocument('anneal.yaml'));
  expect(late.doc.getMap(ReviewRoot.merges).get(merged)).toMatchObject({ version: second.id });
  editor.text.insert(0, '# mended\n');
  await editor.untilStored();
  expect(await refused(review.noteMerge(file, { merged, good: SAMPLE_CONFIG }))).toBe(
    protocolErrors.textMoved.code,
  );
});

test('what is only to be inserted is stale where the words before it are gone', async () => {
  const { url } = await testServer();
  const { review } = createClient({ baseUrl: url });
  const editor = await join(url, 'anneal.yaml');
  const at = editor.text.toString().indexOf('20') + 2;
  const place = { start: position(editor.text, at, -1), end: position(editor.text, at, -1) };
  const wish = { title: 'More', note: '', edits: [{ ...place, oldText: '', newText: '0' }], as: bob };
  const [first, second] = [await review.suggest(file, wish), await review.suggest(file, wish)];
  editor.text.insert(0, '# elsewhere\n');
  await editor.untilStored();
  await review.decide(file, first.id, { decision: 'accepted', as: ada });
  await editor.untilText(`# elsewhere\n${SAMPLE_CONFIG.replace('20', '200')}`);
  const line = editor.text.toString().indexOf('  max_steps');
  editor.text.delete(line, editor.text.length - line);
  await editor.untilStored();
  expect(await refused(review.decide(file, second.id, { decision: 'accepted', as: ada }))).toBe(
    protocolErrors.suggestionStale.code,
  );
});

test('who wrote what is not forgotten when the file is renamed before the editing has paused', async () => {
  const pauses = { pauseMs: 2 ** 30, longestMs: 2 ** 30, lookMs: 2 ** 30 };
  const dataDir = await temporaryFolder();
  const server = await startServer({
    port: 0,
    studio: { kind: 'none' },
    dataDir,
    sampleConfig: SAMPLE_CONFIG,
    pauses,
  });
  const { files } = createClient({ baseUrl: server.url });
  const editor = await join(server.url, 'anneal.yaml');
  introduce(editor, ada);
  editor.text.insert(0, '# by Ada\n');
  await editor.untilStored();
  await files.rename('sample', 'anneal.yaml', 'other.yaml');
  await server.close();
  const { url } = await testServer({ dataDir });
  const reader = await join(url, reviewDocument('other.yaml'));
  expect([...reader.doc.getMap(ReviewRoot.authors).values()]).toEqual([ada]);
});

test('a pause in the editing makes a version, and says who wrote', async () => {
  const pauses = { pauseMs: 20, longestMs: 10_000, lookMs: 10 };
  const { url } = await testServer({ pauses });
  const { review } = createClient({ baseUrl: url });
  const reader = await join(url, reviewDocument('anneal.yaml'));
  const editor = await join(url, 'anneal.yaml');
  introduce(editor, ada);
  editor.text.insert(0, '# by Ada\n');
  const versions = reader.doc.getMap<{ readonly kind: string }>(ReviewRoot.versions);
  await reader.until(() => versions.size === 1);
  expect([...versions.values()][0]).toMatchObject({ kind: 'auto', by: null, editors: [ada] });
  expect(reader.doc.getMap(ReviewRoot.authors).get(String(editor.doc.clientID))).toEqual(ada);

  editor.text.insert(0, '# more\n');
  await reader.until(() => versions.size === 2);
  const [newest] = await review.versions(file);
  expect((await review.readVersion(file, newest?.id ?? '')).content.text).toMatch(/^# more\n# by Ada\n/);
});

test('what is said and kept moves with the file, and goes with it for good', async () => {
  const { url } = await testServer();
  const { review, files } = createClient({ baseUrl: url });
  const { id } = await review.startThread(file, { anchor: null, text: 'Stay, @[Bob](bob)', as: ada });
  const version = await review.createVersion(file, { kind: 'named', name: 'one', as: ada });
  const reader = await join(url, reviewDocument('anneal.yaml'));
  await files.rename('sample', 'anneal.yaml', 'other.yaml');
  expect((await reader.closed).code).toBe(CloseCode.gone);
  const moved = { project: 'sample', path: 'other.yaml' };
  expect((await review.all(moved)).threads.map((thread) => thread.id)).toEqual([id]);
  expect((await review.readVersion(moved, version.id)).content.text).toBe(SAMPLE_CONFIG);
  expect((await review.mentions('sample', bob)).map(({ path }) => path)).toEqual(['other.yaml']);
  expect(await refused(review.all(file))).toBe(protocolErrors.fileDeleted.code);

  await files.remove('sample', 'other.yaml', { forever: true });
  await files.create('sample', { kind: 'text', path: 'other.yaml', text: 'new: 1\n' });
  expect((await review.all(moved)).threads).toEqual([]);
  expect(await review.versions(moved)).toEqual([]);
  expect(await refused(review.readVersion(moved, version.id))).toBe(protocolErrors.versionNotFound.code);
  expect(await review.mentions('sample', bob)).toEqual([]);
});
