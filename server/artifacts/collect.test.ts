import { createHash, randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { syncPath } from '../../src/protocol/sync.ts';
import { createClient } from '../../src/sdk/client.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { addHashes } from './references.ts';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const everything = { dryRun: false, graceHours: 0 };

test('what nothing refers to goes; what a file, a text, a run or an upload refers to stays', async () => {
  const { url } = await testServer();
  const client = createClient({ baseUrl: url });
  const { artifacts, files } = client;
  const upload = async (): Promise<string> => (await artifacts.upload(new Blob([randomBytes(3000)]))).sha256;
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
  expect(await artifacts.collect('home', { dryRun: true, graceHours: 0 })).toEqual({
    dryRun: true,
    artifacts: unusedOnly,
    kept: 4,
    freed: 3000,
  });
  expect(await artifacts.size(unused)).toBe(3000);
  expect(await artifacts.collect('home', { dryRun: false })).toMatchObject({ artifacts: [], kept: 5 }); // too young
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
  const second = await artifacts.collect('home', everything);
  expect(second.artifacts.map(({ sha256 }) => sha256)).toContain(ofRun);
  expect(await artifacts.size(named)).toBe(3000);
});

test('whatever people do meanwhile, nothing that a file names is ever gone', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const { url } = await testServer();
  const { artifacts, files } = createClient({ baseUrl: url });
  const editor = new Editor(url, syncPath('sample', '.project'));
  await editor.untilSynced();
  const named = new Map<string, string>();
  const collecting: Promise<unknown>[] = [];
  for (let i = 0; i < 40; i++) {
    const bytes = randomBytes(2000);
    const choice = random.below(4);
    if (choice === 0) collecting.push(artifacts.collect('home', { dryRun: false, graceHours: 0.001 }));
    const { sha256 } = await artifacts.upload(new Blob([bytes]));
    const path = `data/${i}.bin`;
    if (choice === 1) await files.create('sample', { kind: 'artifact', path, sha256 });
    // As browsers do it: in the document, past every operation.
    else if (choice === 2)
      editor.doc.getMap('files').set(path, { kind: 'artifact', sha256, bytes: 2000, created: 1 });
    if (choice === 1 || choice === 2) named.set(path, sha256);
    const [old] = [...named.keys()];
    if (choice === 3 && old !== undefined && random.below(2) === 0) {
      await files.remove('sample', old, { forever: true });
      named.delete(old);
    }
  }
  await Promise.all(collecting);
  await editor.untilStored();
  await artifacts.collect('home', everything);
  for (const sha256 of named.values()) {
    const back = await artifacts.download(sha256);
    expect(hash(new Uint8Array(await back.arrayBuffer()))).toBe(sha256);
  }
  await editor.leave();
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
