import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { Random } from '../../src/base/random.ts';
import type { Collection } from '../../src/protocol/http/artifacts.ts';
import { syncPath } from '../../src/protocol/sync.ts';
import { createClient } from '../../src/sdk/client.ts';
import type { ServerOptions } from '../options.ts';
import type { RequestName } from '../store/requests.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';
import { memberOf, ownerOf } from '../testing/people.ts';
import { addHashes } from './references.ts';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const HOUR_MS = 3600 * 1000;
/** All that nobody has touched for as short a time as can be asked for. */
const everything = { dryRun: false, graceHours: 1 };

/** A server whose clock the test turns on. */
async function server(options: Partial<ServerOptions> = {}) {
  let passed = 0;
  const { url } = await testServer({ ...options, now: () => Date.now() + passed });
  const client = createClient({ baseUrl: url });
  return {
    ...{ url, client },
    pass: (ms: number) => {
      passed += ms;
    },
    upload: async () => (await client.artifacts.upload(new Blob([randomBytes(3000)]))).sha256,
  };
}

/** Does something when the store is asked for something by the name, once; afterwards, or before. */
function interrupt(name: RequestName, when: 'before' | 'after', work: () => Promise<unknown>): () => boolean {
  const { call } = SqliteStore.prototype;
  let done = false;
  const spy = vi.spyOn(SqliteStore.prototype, 'call');
  onTestFinished(() => spy.mockRestore());
  spy.mockImplementation(async function (this: SqliteStore, asked, input) {
    const now = asked === name && !done;
    if (now) done = true;
    if (now && when === 'before') await work();
    const output = await call.call(this, asked, input);
    if (now && when === 'after') await work();
    return output;
  } as typeof call);
  return () => done;
}

test('what nothing refers to goes; what a file, a text, a run or an upload refers to stays', async () => {
  const { url, client, pass, upload } = await server();
  const { artifacts, files } = client;
  const [named, deleted, quoted, ofRun, unused] = await Promise.all([1, 2, 3, 4, 5].map(upload));
  if (!named || !deleted || !quoted || !ofRun || !unused) throw new Error('five were sent');
  await files.create('sample', { kind: 'artifact', path: 'a.bin', sha256: named });
  await files.create('sample', { kind: 'artifact', path: 'b.bin', sha256: deleted });
  await files.remove('sample', 'b.bin');
  await files.create('sample', { kind: 'text', path: 'notes.md', text: `We trained on ${quoted}.` });
  await artifacts.hold('sample', 'run-1', [ofRun]);
  const begun = 'd'.repeat(64);
  await fetch(`${url}/api/v1/uploads`, {
    method: 'POST',
    headers: {
      'tus-resumable': '1.0.0',
      'upload-length': '10',
      'upload-metadata': `sha256 ${Buffer.from(begun).toString('base64')}`,
    },
  });
  const unusedOnly = [{ sha256: unused, bytes: 3000 }];
  await expect(artifacts.collect('home', { dryRun: false, graceHours: 0 })).rejects.toMatchObject({
    code: 'ANN-PRO-001',
  });
  expect(await artifacts.collect('home', everything)).toMatchObject({ artifacts: [], kept: 5 });
  pass(2 * HOUR_MS);
  expect(await artifacts.collect('home', { dryRun: true, graceHours: 1 })).toEqual({
    dryRun: true,
    artifacts: unusedOnly,
    kept: 4,
    freed: 3000,
  });
  expect(await artifacts.collect('home', { dryRun: false })).toMatchObject({ artifacts: [], kept: 5 }); // too young
  expect(await artifacts.size(unused)).toBe(3000); // asked for just now
  expect(await artifacts.collect('home', everything)).toMatchObject({ artifacts: [], kept: 5 });
  pass(2 * HOUR_MS);
  expect(await artifacts.collect('home', everything)).toEqual({
    dryRun: false,
    artifacts: unusedOnly,
    kept: 4,
    freed: 3000,
  });
  expect(await artifacts.size(unused)).toBeNull();
  for (const sha256 of [named, deleted, quoted, ofRun]) {
    expect((await artifacts.download(sha256)).size).toBe(3000);
  }
  expect((await artifacts.use('home')).pending).toBe(10);
  // Deleted for good, and the run is gone: nothing refers to them any more.
  await files.remove('sample', 'b.bin', { forever: true });
  await artifacts.hold('sample', 'run-1', []);
  pass(2 * HOUR_MS);
  const second = await artifacts.collect('home', everything);
  expect(second.artifacts.map(({ sha256 }) => sha256)).toContain(ofRun);
  expect(await artifacts.size(named)).toBe(3000);
});

describe('a hash that stands in a text, and whole in no bytes that are stored', () => {
  const PATH = 'notes.md';

  test('typed letter by letter by two people keeps what it names', async () => {
    const { url, client, pass, upload } = await server();
    const sha256 = await upload();
    const [ada, bob] = await Promise.all([join(url, PATH), join(url, PATH)]);
    const letters = [...sha256];
    // One types every other letter, and then the other one what is missing in between.
    for (let i = 0; i < letters.length; i += 2) ada.text.insert(i / 2, letters[i] ?? '');
    await bob.untilText(ada.text.toString());
    for (let i = 1; i < letters.length; i += 2) bob.text.insert(i, letters[i] ?? '');
    await ada.untilText(sha256);
    await Promise.all([ada.untilStored(), bob.untilStored()]);
    pass(2 * HOUR_MS);
    expect(await client.artifacts.collect('home', everything)).toMatchObject({ artifacts: [], kept: 1 });
    // And what names it no more lets go of it.
    ada.text.delete(0, 1);
    await ada.untilStored();
    pass(2 * HOUR_MS);
    expect(await client.artifacts.collect('home', everything)).toMatchObject({
      artifacts: [{ sha256 }],
      kept: 0,
    });
  });

  test('and finished while it is collected keeps it, too', async () => {
    const { url, client, pass, upload } = await server();
    const sha256 = await upload();
    const ada = await join(url, PATH);
    const type = async (from: number, to: number): Promise<void> => {
      for (let i = from; i < to; i++) ada.text.insert(i, sha256.charAt(i));
      await ada.untilStored();
      await bob.untilText(sha256.slice(0, to));
    };
    const bob = await join(url, PATH);
    await type(0, 40);
    pass(2 * HOUR_MS);
    let tries = 0;
    const { call } = SqliteStore.prototype;
    const spy = vi.spyOn(SqliteStore.prototype, 'call');
    onTestFinished(() => spy.mockRestore());
    spy.mockImplementation(async function (this: SqliteStore, asked, input) {
      // Read as a whole after the first, followed after the second.
      if (asked === 'disownArtifacts' && tries++ < 2)
        await type(tries === 1 ? 40 : 63, tries === 1 ? 63 : 64);
      return call.call(this, asked, input);
    } as typeof call);
    expect(await client.artifacts.collect('home', everything)).toMatchObject({ artifacts: [], kept: 1 });
    expect(tries).toBe(3);
  });
});

test('whatever people do meanwhile, nothing that a file names is ever gone', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const { url, client, pass } = await server();
  const { artifacts, files } = client;
  const editor = new Editor(url, syncPath('sample', '.project'));
  await editor.untilSynced();
  const reader = await join(url, '.project');
  const named = new Map<string, string>();
  const collecting: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) {
    const bytes = randomBytes(2000);
    const choice = random.below(4);
    if (choice === 0) {
      pass(2 * HOUR_MS);
      collecting.push(artifacts.collect('home', everything));
    }
    const { sha256 } = await artifacts.upload(new Blob([bytes]));
    const path = `data/${i}.bin`;
    if (choice === 1) await files.create('sample', { kind: 'artifact', path, sha256 });
    // As browsers do it: in the document, past every operation.
    else if (choice === 2) {
      editor.doc.getMap('files').set(path, { kind: 'artifact', sha256, bytes: 2000, created: 1 });
      // It has come, if not to the disk: of what is still on its way when hours pass nobody can know.
      await reader.until(() => reader.doc.getMap('files').has(path));
    }
    if (choice === 1 || choice === 2) named.set(path, sha256);
    const [old] = [...named.keys()];
    if (choice === 3 && old !== undefined && random.below(2) === 0) {
      await files.remove('sample', old, { forever: true });
      named.delete(old);
    }
  }
  await Promise.all(collecting);
  await editor.untilStored();
  pass(2 * HOUR_MS);
  await artifacts.collect('home', everything);
  for (const sha256 of named.values()) {
    const back = await artifacts.download(sha256);
    expect(hash(new Uint8Array(await back.arrayBuffer()))).toBe(sha256);
  }
  await editor.leave();
});

describe.each([
  ['as they are', null],
  ['sealed', { current: randomBytes(32), previous: null }],
])('of texts that are stored %s', (_, masterKeys) => {
  test('what a run, a text, a list or a new project names between the look and the removal stays', async () => {
    const { url, client, pass, upload } = await server({ masterKeys });
    const { artifacts, files, projects } = client;
    const [ofRun, inText, inList, inSeed, unused] = await Promise.all([1, 2, 3, 4, 5].map(upload));
    if (!ofRun || !inText || !inList || !inSeed || !unused) throw new Error('five were sent');
    const list = new Editor(url, syncPath('sample', '.project'));
    const notes = new Editor(url, syncPath('sample', 'notes.md'));
    await Promise.all([list.untilSynced(), notes.untilSynced()]);
    pass(2 * HOUR_MS);
    const interrupted = interrupt('disownArtifacts', 'before', async () => {
      await artifacts.hold('sample', 'run-1', [ofRun]);
      notes.text.insert(0, `We trained on ${inText}.`);
      const entry = { kind: 'artifact', sha256: inList, bytes: 3000, created: 1 };
      list.doc.getMap('files').set('data.bin', entry); // as browsers do it: past every operation
      await Promise.all([list.untilStored(), notes.untilStored()]);
      await projects.create({ name: 'New', id: 'new' });
      await files.create('new', { kind: 'text', path: 'why.md', text: `It was ${inSeed}.` });
    });
    const { artifacts: gone, kept } = await artifacts.collect('home', everything);
    expect(interrupted()).toBe(true);
    expect(gone.map(({ sha256 }) => sha256)).toEqual([unused]);
    expect(kept).toBe(4);
    for (const sha256 of [ofRun, inText, inList, inSeed])
      expect((await artifacts.download(sha256)).size).toBe(3000);
    await Promise.all([list.leave(), notes.leave()]);
  });

  test('a file that is renamed while references are looked for is not overlooked', async () => {
    const { client, pass, upload } = await server({ masterKeys });
    const { artifacts, files } = client;
    const named = await upload();
    await files.create('sample', { kind: 'text', path: 'notes.md', text: `We trained on ${named}.` });
    pass(2 * HOUR_MS);
    const interrupted = interrupt('documentsOf', 'after', () =>
      files.rename('sample', 'notes.md', 'moved.md'),
    );
    expect(await artifacts.collect('home', everything)).toMatchObject({ artifacts: [], kept: 1 });
    expect(interrupted()).toBe(true);
    expect((await artifacts.download(named)).size).toBe(3000);
  });
});

test('what somebody of another workspace names or holds is not his to keep', async () => {
  let passed = 0;
  const running = await testServer({ auth: 'on', now: () => Date.now() + passed });
  const owner = await ownerOf(running);
  const other = await memberOf(owner, 'Eddie', 'editor');
  const { id } = await other.get<{ id: string }>('POST', '/workspaces', { name: 'Elsewhere' });
  const project = { name: 'Theirs', id: 'theirs' };
  const theirs = await other.get<{ id: string }>('POST', `/projects?workspace=${id}`, project);
  const bytes = randomBytes(3000);
  const sha256 = hash(bytes);
  const sent = await owner.fetch(`/api/v1/artifacts/${sha256}?workspace=home`, {
    method: 'PUT',
    body: new Uint8Array(bytes),
  });
  expect(sent.status).toBe(201);
  await other.get('PUT', `/projects/${theirs.id}/holds/run-1`, { artifacts: [sha256] });
  const file = { kind: 'text', path: 'notes.md', text: sha256 };
  await other.get('POST', `/projects/${theirs.id}/files`, file);
  passed += 2 * HOUR_MS;
  const interrupted = interrupt('disownArtifacts', 'before', async () => {
    await other.get('POST', `/projects/${theirs.id}/files`, { ...file, path: `${sha256}.md` });
  });
  const asked = vi.mocked(SqliteStore.prototype.call);
  const { artifacts } = await owner.get<Collection>('POST', '/workspaces/home/artifacts/collect', everything);
  expect(artifacts.map((gone) => gone.sha256)).toEqual([sha256]);
  expect(interrupted()).toBe(true);
  // Nor does it hold up those who collect here.
  expect(asked.mock.calls.filter(([name]) => name === 'disownArtifacts')).toHaveLength(1);
});

test('hashes are found in whatever surrounds them', () => {
  const sha256 = 'ab'.repeat(32);
  const found = new Set<string>();
  addHashes(Buffer.from(`\u00ff\u0001${sha256}"`, 'latin1'), found);
  expect(found).toEqual(new Set([sha256]));
  addHashes(Buffer.from(`c${sha256}f`), found); // a longer run of digits: any 64 of them may be meant
  expect(found.has(sha256)).toBe(true);
  const none = new Set<string>();
  addHashes(Buffer.from('ab'.repeat(31)), none);
  expect(none.size).toBe(0);
});
