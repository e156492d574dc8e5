import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { CloseCode, syncPath } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { Editor } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { join } from '../testing/join.ts';

const DAMAGE = Uint8Array.of(5, 0xff);

/** The statements that docs/operations.md gives, with the numbers that the server named. */
async function wayOut(numbers: Readonly<Record<string, number>>): Promise<string> {
  const docs = await readFile(joinPath(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const found = [...docs.matchAll(/```sql\n(.*?)```/gs)].map(([, sql]) => sql ?? '');
  const name = Object.keys(numbers)[0] ?? '';
  let sql = found.find((text) => text.includes(name)) ?? '';
  for (const [key, number] of Object.entries(numbers)) sql = sql.replaceAll(key, String(number));
  expect(sql).toContain('delete from');
  return sql;
}

function inDatabase<T>(folder: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(joinPath(folder, 'anneal.db'));
  try {
    return work(database);
  } finally {
    database.close();
  }
}

async function refused(url: string): Promise<{ readonly code: number; readonly reason: string }> {
  return new Editor(url, syncPath('sample', 'notes.md')).closed;
}

/** Three pieces, each a row of its own, and another document beside it. */
async function written() {
  const server = await testServer();
  const ada = await join(server.url, 'notes.md');
  for (const word of ['one ', 'two ', 'three ']) {
    ada.text.insert(ada.text.length, word);
    await ada.untilStored();
  }
  const bob = await join(server.url, 'other.md');
  bob.text.insert(0, 'whole');
  await bob.untilStored();
  await server.close();
  return { dataDir: server.dataDir, doc: ada.doc };
}

test('a document with a damaged row is opened by nobody, once logged with its row, and no other suffers; put aside, the rest opens', async () => {
  const { dataDir, doc } = await written();
  const row = inDatabase(dataDir, (database) => {
    const seq = database
      .prepare("select seq from updates where instr(data, cast('two ' as blob)) > 0")
      .get()?.seq;
    database.prepare('update updates set data = ? where seq = ?').run(DAMAGE, Number(seq));
    return Number(seq);
  });
  const log: string[] = [];
  const server = await testServer({ dataDir, log: (line) => log.push(line) });
  for (let i = 0; i < 3; i++) {
    const { code, reason } = await refused(server.url);
    expect(code).toBe(CloseCode.notStored);
    expect(reason).toContain(`row ${row} `);
  }
  const other = await join(server.url, 'other.md');
  expect(other.text.toString()).toBe('whole');
  other.text.insert(5, '!');
  await other.untilStored();
  const damaged = log.filter((line) => line.includes(serverErrors.documentDamaged.code));
  expect(damaged).toHaveLength(1);
  expect(damaged[0]).toMatch(new RegExp(`sample/notes\\.md.*row ${row} of its log`));
  await server.close();

  const sql = await wayOut({ ROW: row });
  const kept = inDatabase(dataDir, (database) => {
    database.exec(sql);
    return database.prepare(`select * from set_aside_${row}`).all();
  });
  expect(kept).toHaveLength(1);
  const again = await testServer({ dataDir });
  const reader = await join(again.url, 'notes.md');
  expect(reader.text.toString()).toBe('one ');
  // Whoever still has it brings it back.
  const author = await join(again.url, 'notes.md', { doc });
  await author.untilStored();
  await reader.untilText('one two three ');
  expect(Y.encodeStateVector(reader.doc)).toEqual(Y.encodeStateVector(doc));
});

test('so with a damaged snapshot', async () => {
  const { dataDir } = await written();
  const document = inDatabase(dataDir, (database) => {
    const id = Number(database.prepare("select id from documents where path = 'notes.md'").get()?.id);
    database.prepare('insert into snapshots (document, data, upto) values (?, ?, 0)').run(id, DAMAGE);
    return id;
  });
  const server = await testServer({ dataDir, log: () => undefined });
  expect((await refused(server.url)).reason).toContain(`the snapshot of document ${document}`);
  const response = await fetch(`${server.url}/api/v1/projects/sample/files/notes.md/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind: 'named', name: 'now', as: { id: 'ada', name: 'Ada' } }),
  });
  expect(await response.json()).toMatchObject({ code: serverErrors.documentDamaged.code });
  await server.close();
  const sql = await wayOut({ DOCUMENT: document });
  inDatabase(dataDir, (database) => database.exec(sql));
  const again = await testServer({ dataDir });
  expect((await join(again.url, 'notes.md')).text.toString()).toBe('one two three ');
});
