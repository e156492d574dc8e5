import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { run as runAudit } from '../../cli/commands/audit.ts';
import { serverErrors } from '../errors.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { temporaryFolder, testServer } from '../testing/fixture.ts';
import { join as joinDocument } from '../testing/join.ts';
import { Browser, memberOf, ownerOf } from '../testing/people.ts';
import { AuditLog } from './audit-log.ts';
import type { AuditEntry } from './chain.ts';
import type { Verdict } from './verify.ts';

const clock = { now: Date.now, elapsed: () => performance.now() };

/** What `npx anneal audit verify` answers with, and says. */
async function verify(folder: string, ...more: readonly string[]) {
  const stdout = new PassThrough();
  const code = await runAudit(['verify', '--data', folder, '--json', ...more], {
    stdout,
    stderr: new PassThrough(),
  });
  stdout.end();
  return { code, ...(JSON.parse(await text(stdout)) as Verdict) };
}

function inDatabase<T>(folder: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(join(folder, 'anneal.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

const entriesIn = (folder: string): AuditEntry[] =>
  inDatabase(folder, (database) => database.prepare('select * from audit order by seq').all() as never);

/** A log with a store of its own. */
async function openLog() {
  const folder = await temporaryFolder();
  const store = await SqliteStore.open(folder);
  const keyFile = join(folder, 'audit', 'key.pem');
  const audit = await AuditLog.open({ store, clock, keyFile, log: () => undefined });
  const close = async (): Promise<void> => {
    await audit.close();
    await store.close();
  };
  return { folder, store, keyFile, audit, close };
}

test('everything that is done leaves a line: done, failed, and refused', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const viewer = await memberOf(owner, 'Vera', 'viewer');
  await owner.get('POST', '/projects', { name: 'Letters', id: 'letters' });
  expect((await owner.call('POST', '/projects', { name: 'Again', id: 'letters' })).status).toBe(409);
  expect((await viewer.call('POST', '/projects', { name: 'Mine', id: 'mine' })).status).toBe(403);
  const stranger = new Browser(server.url);
  expect((await stranger.call('DELETE', '/projects/letters')).status).toBe(401);
  const wrong = { name: 'Olive', password: 'not the right one' };
  expect((await stranger.call('POST', '/session', wrong)).status).toBe(401);
  await viewer.get('DELETE', '/session');
  await server.close();

  const lines = entriesIn(server.dataDir).map(({ name, action, target, outcome, workspace }) => ({
    name,
    action,
    target,
    outcome,
    workspace,
  }));
  const line = (action: string, fields: object) => expect.objectContaining({ action, ...fields });
  expect(lines).toEqual([
    line('server.started', { workspace: null }),
    line('owner.invited', { name: null, workspace: 'home' }),
    line('acceptInvitation', { name: 'Olive', outcome: 'done' }),
    line('createInvitation', { name: 'Olive', target: 'workspace=home', workspace: 'home' }),
    line('acceptInvitation', { name: 'Vera', outcome: 'done' }),
    line('createProject', { name: 'Olive', outcome: 'done', workspace: 'home' }),
    line('createProject', { name: 'Olive', outcome: 'ANN-PRO-007', workspace: 'home' }),
    line('createProject', { name: 'Vera', outcome: 'ANN-PRO-031' }),
    line('deleteProject', { name: null, outcome: 'ANN-PRO-030', target: '' }),
    line('signIn', { name: null, outcome: 'ANN-PRO-033' }),
    line('signOut', { name: 'Vera', outcome: 'done' }),
    line('server.stopped', { workspace: null }),
  ]);
  const everything = JSON.stringify(entriesIn(server.dataDir));
  expect(everything).toContain('Letters');
  expect(everything).not.toContain('not the right one');
  expect(await verify(server.dataDir)).toMatchObject({ code: 0, entries: 12, signedUpTo: 12, findings: [] });
});

test('owners read what was done in their workspace, newest first and in parts, and nothing of another', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const editor = await memberOf(owner, 'Eddie', 'editor');
  const elsewhere = await editor.get<{ id: string }>('POST', '/workspaces', { name: 'Elsewhere' });
  await editor.get('POST', `/projects?workspace=${elsewhere.id}`, { name: 'Secret', id: 'secret' });
  for (const id of ['one', 'two', 'three'])
    await editor.get('POST', '/projects?workspace=home', { name: id, id });
  expect((await owner.call('GET', '/projects/secret')).status).toBe(404);
  type Page = { readonly entries: readonly AuditEntry[] };
  const read = async (query: string): Promise<readonly AuditEntry[]> =>
    (await owner.get<Page>('GET', `/workspaces/home/audit?${query}`)).entries;
  const newest = await read('limit=2');
  expect(newest.map(({ action, detail }) => [action, JSON.parse(detail).id])).toEqual([
    ['createProject', 'three'],
    ['createProject', 'two'],
  ]);
  const before = await read(`before=${newest[1]?.seq}&limit=1`);
  expect(before.map(({ detail }) => JSON.parse(detail).id)).toEqual(['one']);
  expect(JSON.stringify(await read('limit=1000'))).not.toMatch(/secret/i);
  const theirs = await editor.get<Page>('GET', `/workspaces/${elsewhere.id}/audit`);
  expect(JSON.stringify(theirs)).toContain('Secret');
  expect(JSON.stringify(theirs)).not.toContain('Olive'); // who knocked from outside
});

test('who opens a document and writes into it leaves two lines, however many keys he types', async () => {
  const server = await testServer();
  const editor = await joinDocument(server.url, 'notes.md');
  for (const letter of 'several keys') editor.text.insert(0, letter);
  await editor.untilStored();
  await editor.leave();
  await server.close();
  const entries = entriesIn(server.dataDir).filter(({ target }) => target.includes('path=notes.md'));
  expect(entries.map(({ action, actor, workspace }) => [action, actor, workspace])).toEqual([
    ['document.opened', 'local:local', 'home'],
    ['document.edited', 'local:local', 'home'],
  ]);
});

test('what the server removes for good by itself leaves a line too', async () => {
  const first = await testServer();
  await fetch(`${first.url}/api/v1/projects/sample`, { method: 'DELETE' });
  await first.close();
  const { dataDir } = first;
  const next = await testServer({ dataDir, now: () => Date.now() + 31 * 24 * 3600_000 });
  await next.close();
  const purged = entriesIn(dataDir).filter(({ action }) => action === 'project.purged');
  expect(purged).toMatchObject([{ actor: 'server', target: 'project=sample', workspace: 'home' }]);
});

test('a running server is asked, and what was done under it is found and said where', async () => {
  const server = await testServer();
  await fetch(`${server.url}/api/v1/projects/sample`, { method: 'DELETE' });
  expect(await verify(server.dataDir)).toMatchObject({ code: 0, findings: [] });
  await server.close();
  const { dataDir } = server;
  const before = entriesIn(dataDir);
  const deleted = before.find(({ action }) => action === 'deleteProject')?.seq ?? 0;
  inDatabase(dataDir, (database) =>
    database.prepare("update audit set actor = 'user:somebody-else' where seq = ?").run(deleted),
  );
  const changed = await verify(dataDir);
  expect(changed).toMatchObject({ code: 1, findings: [{ kind: 'changed', seq: deleted }] });
  inDatabase(dataDir, (database) => database.prepare('delete from audit where seq >= ?').run(deleted));
  expect(await verify(dataDir)).toMatchObject({ code: 1, findings: [{ kind: 'cut', seq: deleted }] });

  // The next start says so too, and goes on.
  const said: string[] = [];
  const next = await testServer({ dataDir, log: (line) => said.push(line) });
  expect(said.join('\n')).toContain('audit verify');
  await next.close();
  expect(entriesIn(dataDir).map(({ action }) => action)).toContain('audit.mismatch');
  expect((await verify(dataDir)).code).toBe(1);
});

test('the key lies where it is told to, and its heads with it; without them nothing starts', async () => {
  const outside = await temporaryFolder();
  const auditKey = join(outside, 'keys', 'audit.pem');
  const server = await testServer({ auditKey });
  await server.close();
  expect((await stat(auditKey)).mode & 0o777).toBe(0o600);
  expect(await verify(server.dataDir, '--audit-key', auditKey)).toMatchObject({ code: 0 });
  await rm(`${auditKey}.heads`);
  const { code } = serverErrors.auditKeyUnusable;
  await expect(testServer({ dataDir: server.dataDir, auditKey })).rejects.toMatchObject({ code });
  expect(await verify(server.dataDir, '--audit-key', auditKey)).toMatchObject({ code: 1 });
});

test('lines that come at once are one chain, each on disk when it is said to be', async () => {
  const { store, keyFile, audit, close } = await openLog();
  await Promise.all(
    Array.from({ length: 200 }, (_, n) => audit.record({ actor: 'server', action: 'count', target: `${n}` })),
  );
  const entries = await store.call('auditEntries', { after: 1, limit: 1000 });
  expect(entries.map(({ target }) => target)).toEqual(Array.from({ length: 200 }, (_, n) => `${n}`));
  await close();
  expect((await readFile(`${keyFile}.heads`, 'utf8')).trim().split('\n').at(-1)).toContain('"seq":202,');
});

test('lines that are taken away while the server runs are missed for ever', async () => {
  const folder = await temporaryFolder();
  const keyFile = join(folder, 'audit', 'key.pem');
  let store = await SqliteStore.open(folder);
  const behind = { call: (name, input) => store.call(name, input) } as Pick<Store, 'call'> as Store;
  const said: string[] = [];
  const audit = await AuditLog.open({ store: behind, clock, keyFile, log: (line) => said.push(line) });
  const record = (n: number) => audit.record({ actor: 'user:u', action: 'count', target: `${n}` });
  for (let n = 2; n <= 5; n++) await record(n);
  await store.close();
  inDatabase(folder, (database) => database.prepare('delete from audit where seq > 3').run());
  store = await SqliteStore.open(folder);
  for (let n = 6; n <= 9; n++) await record(n); // there are as many again, one after the other
  await audit.close();
  await store.close();
  expect(entriesIn(folder).map(({ action }) => action)).toEqual([
    ...['server.started', 'count', 'count', 'audit.mismatch'],
    ...['count', 'count', 'count', 'count', 'server.stopped'],
  ]);
  expect(said.join('\n')).toMatch(/changed while the server ran.*entry 5/);
  expect(await verify(folder)).toMatchObject({ code: 1, findings: [{ kind: 'head', seq: 5 }] });
});

test('texts that no database keeps as they are do not break the chain', async () => {
  const { folder, audit, close } = await openLog();
  for (const odd of [
    '\ud800',
    'a\u0000b',
    '\u{1F600}'.repeat(1000),
    'x'.repeat(599).concat('\u{1F600}'),
    '\r\n\t',
  ]) {
    const line = { actor: odd, name: odd, action: odd, target: odd, detail: { odd, long: odd.repeat(20) } };
    await audit.record(line);
    await audit.recordOften(line);
  }
  await close();
  expect(await verify(folder)).toMatchObject({ code: 0, entries: 12, findings: [] });
});

test('what comes again and again is counted, and strangers fill no disk', async () => {
  const { folder, audit, close } = await openLog();
  const denied = { actor: 'user:u', action: 'deleteProject', target: 'project=p', outcome: 'ANN-PRO-031' };
  for (let i = 0; i < 50; i++) await audit.recordOften(denied);
  for (let i = 0; i < 500; i++)
    await audit.recordOften({ actor: 'nobody', action: 'signIn', target: `${i}` });
  await close();
  const entries = entriesIn(folder);
  const ofUser = entries.filter(({ actor }) => actor === 'user:u');
  expect(ofUser.map(({ detail }) => detail)).toEqual(['{}', '{"again":49}']);
  expect(entries.filter(({ actor }) => actor === 'nobody')).toHaveLength(100);
  expect(entries.find(({ action }) => action === 'audit.many')?.detail).toBe('{"again":400}');
});
