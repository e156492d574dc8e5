import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { PassThrough } from 'node:stream';
import { expect, onTestFinished, test } from 'vitest';
import { run as runBackup } from '../../../cli/commands/backup.ts';
import { run as runRestore } from '../../../cli/commands/restore.ts';
import { syncPath } from '../../../src/protocol/sync.ts';
import { serverErrors } from '../../errors.ts';
import { Editor } from '../../testing/editor.ts';
import { temporaryFolder, testServer } from '../../testing/fixture.ts';
import { join } from '../../testing/join.ts';
import { Browser, memberOf, ownerOf, PASSWORD } from '../../testing/people.ts';
import { backup, restore } from './backup.ts';

const io = () => ({ stdout: new PassThrough(), stderr: new PassThrough() });

test('a backup that is restored has everything, and editors send again what they wrote since', async () => {
  const folder = await temporaryFolder();
  const [data, copy, restored] = ['data', 'copy', 'restored'].map((name) => joinPath(folder, name)) as [
    string,
    string,
    string,
  ];
  const first = await testServer({ dataDir: data });
  const editor = await join(first.url, 'notes.md');
  editor.text.insert(0, 'before');
  await editor.untilStored();
  await first.close();
  await mkdir(joinPath(data, 'artifacts', 'xy'), { recursive: true });
  await writeFile(joinPath(data, 'artifacts', 'xy', 'bytes'), 'artifact');
  expect(await runBackup([copy, '--data', data], io())).toBe(0);

  // Life goes on, is acknowledged, and is lost with the disk.
  const second = await testServer({ dataDir: data });
  const later = new Editor(second.url, syncPath('sample', 'notes.md'), { doc: editor.doc });
  await later.untilSynced();
  later.text.insert(6, ', after');
  await later.untilStored();
  const { epoch } = later;
  await second.close();

  expect(await runRestore([copy, '--data', restored], io())).toBe(0);
  expect(await readFile(joinPath(restored, 'artifacts', 'xy', 'bytes'), 'utf8')).toBe('artifact');
  const third = await testServer({ dataDir: restored });
  const reader = await join(third.url, 'notes.md');
  expect(reader.text.toString()).toBe('before');
  await reader.until(() => reader.epoch !== null);
  expect(reader.epoch).not.toBe(epoch);
  const back = new Editor(third.url, syncPath('sample', 'notes.md'), { doc: editor.doc });
  onTestFinished(() => back.leave());
  await reader.untilText('before, after');
});

test('who was signed in or invited when the backup was made is not let in by it', async () => {
  const folder = await temporaryFolder();
  const [data, copy, restored] = ['data', 'copy', 'restored'].map((name) => joinPath(folder, name)) as [
    string,
    string,
    string,
  ];
  const first = await testServer({ dataDir: data, auth: 'on' });
  const owner = await ownerOf(first);
  const viewer = await memberOf(owner, 'Vera', 'viewer');
  const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/invitations', {
    role: 'owner',
  });
  await first.close();
  await backup(data, copy);
  await restore(copy, restored);
  const again = await testServer({ dataDir: restored, auth: 'on' });
  expect(again.ownerLink).toBeNull(); // the owner is there, with his password
  for (const { cookies } of [owner, viewer]) {
    const person = new Browser(again.url);
    for (const [name, value] of cookies) person.cookies.set(name, value);
    expect((await person.call('GET', '/projects?workspace=home')).status).toBe(401);
  }
  const invited = await new Browser(again.url).call('POST', '/invitations/look', { secret });
  expect(invited.status).toBe(404);
  const back = new Browser(again.url);
  await back.get('POST', '/session', { name: 'Vera', password: PASSWORD });
  expect((await back.call('GET', '/projects?workspace=home')).status).toBe(200);
});

test('a running server is not copied, and nothing is overwritten', async () => {
  const folder = await temporaryFolder();
  const data = joinPath(folder, 'data');
  const server = await testServer({ dataDir: data });
  const copy = joinPath(folder, 'copy');
  await expect(backup(data, copy)).rejects.toMatchObject({ code: serverErrors.dataInUse.code });
  await server.close();
  await mkdir(copy); // an empty one will do
  await backup(data, copy);
  const { code } = serverErrors.folderTaken;
  await expect(backup(data, copy)).rejects.toMatchObject({ code });
  await expect(restore(copy, data)).rejects.toMatchObject({ code });
});

test('what is no backup, or not whole any more, is not restored', async () => {
  const folder = await temporaryFolder();
  const data = joinPath(folder, 'data');
  const { code } = serverErrors.noBackup;
  await expect(restore(joinPath(folder, 'nowhere'), data)).rejects.toMatchObject({ code });
  const server = await testServer({ dataDir: data });
  await server.close();
  const copy = joinPath(folder, 'copy');
  await backup(data, copy);
  const bytes = await readFile(joinPath(copy, 'anneal.db'));
  await writeFile(joinPath(copy, 'anneal.db'), bytes.fill(7, 4096, 12_000));
  await expect(restore(copy, joinPath(folder, 'restored'))).rejects.toMatchObject({ code });
});

test('the commands say how they are called', async () => {
  expect(await runBackup([], io())).toBe(2);
  expect(await runRestore(['a', 'b'], io())).toBe(2);
});
