import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PassThrough, Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { run as runAudit } from '../../cli/commands/audit.ts';
import { run as runBackup } from '../../cli/commands/backup.ts';
import { run as runKeys } from '../../cli/commands/keys.ts';
import { run as runRestore } from '../../cli/commands/restore.ts';
import { FolderBlobs } from '../artifacts/folder/folder-blobs.ts';
import { resealArtifacts } from '../artifacts/reseal.ts';
import { SealedBlobs } from '../artifacts/sealed-blobs.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { testArtifacts } from '../testing/artifacts.ts';
import { temporaryFolder, testServer } from '../testing/fixture.ts';
import { join as joinDocument } from '../testing/join.ts';
import { KeyRing } from '../vault/key-ring.ts';
import { backUpLive } from './live-backup.ts';

const clock = { now: Date.now, elapsed: () => performance.now() };
const silent = () => ({ stdout: new PassThrough(), stderr: new PassThrough() });

async function put(url: string, bytes: Buffer): Promise<string> {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const response = await fetch(`${url}/api/v1/artifacts/${sha256}`, {
    method: 'PUT',
    body: new Uint8Array(bytes),
  });
  expect(response.status).toBeLessThan(300);
  return sha256;
}

const get = async (url: string, sha256: string): Promise<Buffer> =>
  Buffer.from(await (await fetch(`${url}/api/v1/artifacts/${sha256}`)).arrayBuffer());

test('a backup is made while people write, and what it has is whole', async () => {
  const outside = await temporaryFolder();
  const [copy, restored] = [join(outside, 'copy'), join(outside, 'restored')];
  const auditKey = join(outside, 'audit.pem');
  const server = await testServer({ auditKey });
  const bytes = randomBytes(300_000);
  const sha256 = await put(server.url, bytes);
  const editor = await joinDocument(server.url, 'notes.md');
  editor.text.insert(0, 'before;');
  await editor.untilStored();

  let writing = true;
  const writer = (async () => {
    for (let n = 0; writing; n++) {
      editor.text.insert(editor.text.length, `${n};`);
      await editor.untilStored();
      await put(server.url, Buffer.from(`artifact ${n}`));
    }
  })();
  expect(await runBackup([copy, '--data', server.dataDir], silent())).toBe(0);
  writing = false;
  await writer;
  editor.text.insert(0, 'after;');
  await editor.untilStored();
  const { epoch } = editor;
  await server.close();

  expect(await runRestore([copy, '--data', restored, '--audit-key', auditKey], silent())).toBe(0);
  const again = await testServer({ dataDir: restored, auditKey });
  const reader = await joinDocument(again.url, 'notes.md');
  const words = reader.text.toString();
  expect(words.startsWith('before;')).toBe(true);
  expect(editor.text.toString().startsWith(`after;${words}`)).toBe(true); // a beginning of what was written
  await reader.until(() => reader.epoch !== null);
  expect(reader.epoch).not.toBe(epoch);
  expect((await get(again.url, sha256)).equals(bytes)).toBe(true);
  await again.close();

  // The heads know of entries that the backup has not, and of the restore that took them away.
  const { stdout, stderr } = silent();
  const verify = ['verify', '--data', restored, '--audit-key', auditKey];
  expect(await runAudit(verify, { stdout, stderr })).toBe(0);
  stdout.end();
  expect(await text(stdout)).toMatch(/was restored/);
});

test('a running server seals what it has with new keys, and people notice nothing', async () => {
  const folder = await temporaryFolder();
  const current = randomBytes(32);
  const first = await testServer({ dataDir: folder });
  const before = await joinDocument(first.url, 'notes.md');
  before.text.insert(0, 'written in the clear;');
  await before.untilStored();
  await before.leave();
  await first.close();

  const second = await testServer({ dataDir: folder, masterKeys: { current, previous: null } });
  const editor = await joinDocument(second.url, 'notes.md');
  let writing = true;
  const writer = (async () => {
    for (let n = 0; writing; n++) {
      editor.text.insert(editor.text.length, `${n};`);
      await editor.untilStored();
    }
  })();
  expect(await runKeys(['rotate', '--data', folder], silent())).toBe(0);
  writing = false;
  await writer;
  const words = editor.text.toString();
  await second.close();

  const third = await testServer({ dataDir: folder, masterKeys: { current, previous: null } });
  const reader = await joinDocument(third.url, 'notes.md');
  expect(reader.text.toString()).toBe(words);
  await third.close();
  const { code } = serverErrors.masterKeyMissing;
  await expect(testServer({ dataDir: folder })).rejects.toMatchObject({ code });
});

test('a backup of a sealed server is sealed, and opens with its key alone', async () => {
  const outside = await temporaryFolder();
  const [copy, restored] = [join(outside, 'copy'), join(outside, 'restored')];
  const masterKeys = { current: randomBytes(32), previous: null };
  const server = await testServer({ masterKeys });
  const bytes = Buffer.from('weights that nobody else may see;'.repeat(5_000));
  const sha256 = await put(server.url, bytes);
  expect(await runBackup([copy, '--data', server.dataDir], silent())).toBe(0);
  await server.close();
  const files = await readdir(copy, { recursive: true, withFileTypes: true });
  for (const file of files.filter((one) => one.isFile())) {
    const stored = await readFile(join(file.parentPath, file.name));
    expect(stored.includes('nobody else may see'), file.name).toBe(false);
  }
  expect(files.map(({ name }) => name)).toContain(sha256);
  expect(await runRestore([copy, '--data', restored], silent())).toBe(0);
  const { code } = serverErrors.masterKeyMissing;
  await expect(testServer({ dataDir: restored })).rejects.toMatchObject({ code });
  const again = await testServer({ dataDir: restored, masterKeys });
  expect((await get(again.url, sha256)).equals(bytes)).toBe(true);
});

/** Backs up with something that is done between the copy of the database and that of the artifacts, once. */
async function backUpAnd(dataDir: string, store: Store, work: () => Promise<unknown>): Promise<string> {
  const copy = join(await temporaryFolder(), 'copy');
  let done = false;
  const interrupted = {
    call: (name, input) => store.call(name, input),
    backup: async (file) => {
      await store.backup(file);
      if (!done) await work();
      done = true;
    },
  } as Pick<Store, 'call' | 'backup'> as Store;
  await backUpLive({ store: interrupted, folder: dataDir, progress: () => undefined }, copy);
  return copy;
}

const asStream = (bytes: Buffer): Readable => Readable.from([bytes]);

test('of a sealed server each workspace has its own copies, whatever another one has of the same bytes', async () => {
  const { store, artifacts, collector, pass, dataDir } = await testArtifacts({ master: randomBytes(32) });
  const bytes = randomBytes(50_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  for (const workspace of ['home', 'other'])
    await artifacts.put({ workspace, sha256 }, asStream(bytes), null);
  const copy = await backUpAnd(dataDir, store, async () => {
    pass(2 * 3600_000);
    await collector.collect({ workspace: 'other', dryRun: false, graceMs: 0 });
  });
  const database = new DatabaseSync(join(copy, 'anneal.db'));
  onTestFinished(() => database.close());
  const owners = database.prepare('select workspace from artifact_owners').all();
  expect(owners.map(({ workspace }) => workspace)).toEqual(['home']);
});

test('what gets a new key while it is copied can be opened from the backup', async () => {
  const master = randomBytes(32);
  const { store, artifacts, dataDir } = await testArtifacts({ master });
  const bytes = randomBytes(50_000);
  const key = { workspace: 'home', sha256: createHash('sha256').update(bytes).digest('hex') };
  await artifacts.put(key, asStream(bytes), null);
  const copy = await backUpAnd(dataDir, store, async () => {
    const keys = await KeyRing.open(store, clock, { current: master, previous: null });
    await keys.make('home', true);
    const blobs = new SealedBlobs(new FolderBlobs(join(dataDir, 'artifacts')), keys);
    expect(await resealArtifacts(store, artifacts, blobs, () => false)).toBe(1);
  });
  const again = await testArtifacts({ dataDir: copy, master });
  const pieces: Buffer[] = [];
  for await (const piece of (await again.artifacts.open(key)).read()) pieces.push(piece as Buffer);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

test('what a running server refuses is said with its code', async () => {
  const server = await testServer();
  onTestFinished(() => server.close());
  const taken = await temporaryFolder();
  await writeFile(join(taken, 'mine'), 'keep');
  const { code } = serverErrors.folderTaken;
  await expect(runBackup([taken, '--data', server.dataDir], silent())).rejects.toMatchObject({ code });
  expect(await readFile(join(taken, 'mine'), 'utf8')).toBe('keep');
  const noKey = serverErrors.badOption.code;
  const rotating = runKeys(['rotate', '--data', server.dataDir], silent());
  await expect(rotating).rejects.toMatchObject({ code: noKey });
  expect(await runKeys(['turn'], silent())).toBe(2);
  expect(await runAudit([], silent())).toBe(2);
});
