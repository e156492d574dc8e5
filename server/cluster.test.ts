import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { expect, test } from 'vitest';
import * as awarenessProtocol from 'y-protocols/awareness';
import { CloseCode } from '../src/protocol/sync.ts';
import type { SyncLimits } from './sync/limits.ts';
import { type ClusterParts, clusterParts } from './testing/cluster.ts';
import type { Editor } from './testing/editor.ts';
import { testServer } from './testing/fixture.ts';
import { join } from './testing/join.ts';
import { REDIS_MISSING, startRedis } from './testing/redis.ts';

const parts = clusterParts();

async function pair(
  options: ClusterParts,
  limits: Partial<SyncLimits> = {},
): Promise<readonly [string, string]> {
  const start = () => testServer({ ...options, limits: { catchUpMs: 300, logUpdates: 30, ...limits } });
  const [a, b] = await Promise.all([start(), start()]);
  return [a.url, b.url];
}

async function call(url: string, method: string, path: string, body?: unknown) {
  const response = await fetch(`${url}/api/v1${path}`, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  });
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

function introduce(editor: Editor, name: string): void {
  editor.awareness.setLocalState({ user: { name, color: '#123456' } });
}

const names = ({ awareness }: Editor): string[] =>
  [...awareness.getStates().values()].flatMap((state) => state.user?.name ?? []).sort();

test('what is typed at one server is seen at the other, and who is where', async (context) => {
  const [a, b] = await pair(await parts(context));
  const here = await join(a, 'notes.md');
  const there = await join(b, 'notes.md');
  introduce(here, 'Ada');
  introduce(there, 'Ben');
  here.text.insert(0, 'from a');
  await there.untilText('from a');
  there.text.insert(6, ', from b');
  await here.untilText('from a, from b');
  await Promise.all([here, there].map((editor) => editor.until(() => names(editor).length === 2)));
  expect(names(here)).toEqual(['Ada', 'Ben']);
  // Who comes later learns of those at the other server too; who leaves is gone there.
  const late = await join(b, 'notes.md');
  introduce(late, 'Cleo');
  await late.until(() => names(late).length === 3);
  await here.leave();
  await there.until(() => names(there).join() === 'Ben,Cleo');
  // The list of files has what the other server put there.
  await expect
    .poll(async () => JSON.stringify((await call(b, 'GET', '/projects/sample/files')).body))
    .toContain('notes.md');
});

test('without Redis servers still come together through the log, also over a snapshot', async (context) => {
  const { databaseUrl } = await parts(context);
  const redis = await startRedis();
  if (redis === null) return context.skip(REDIS_MISSING);
  const [a, b] = await pair({ databaseUrl, redisUrl: redis.url });
  const here = await join(a, 'notes.md');
  const there = await join(b, 'notes.md');
  here.text.insert(0, 'together;');
  await there.untilText('together;');
  await redis.stop();
  // More than a snapshot's worth, so that rows are gone from the log before the other server looks.
  for (let i = 0; i < 100; i++) {
    here.text.insert(here.text.length, `a${i};`);
    there.text.insert(0, `b${i};`);
    if (i % 10 === 0) await Promise.all([here.untilStored(), there.untilStored()]);
  }
  await Promise.all([here.untilStored(), there.untilStored()]);
  const whole = (editor: Editor): boolean => editor.text.toString().split(';').length === 1 + 1 + 200;
  await Promise.all([here, there].map((editor) => editor.until(() => whole(editor))));
  expect(here.text.toString()).toBe(there.text.toString());
  const late = await join(b, 'notes.md');
  expect(late.text.toString()).toBe(here.text.toString());
});

test('a file that is renamed at one server closes for the editors at the other, and nothing of it is lost', async (context) => {
  const [a, b] = await pair(await parts(context));
  const editor = await join(a, 'draft.md');
  editor.text.insert(0, 'words');
  await editor.untilStored();
  await expect.poll(async () => (await call(b, 'GET', '/projects/sample/files/draft.md')).status).toBe(200);
  editor.text.insert(5, ' in the last moment');
  const moved = await call(b, 'PATCH', '/projects/sample/files/draft.md', { path: 'final.md' });
  expect(moved.status).toBe(200);
  expect(await editor.closed).toMatchObject({ code: CloseCode.gone });
  const final = async (url: string) => (await call(url, 'GET', '/projects/sample/files/final.md')).body;
  expect((await final(b)).text).toMatch(/^words/);
  // The last words may have been in time, and come to the other a moment later.
  await expect.poll(async () => isDeepStrictEqual(await final(a), await final(b))).toBe(true);
  const again = await call(a, 'POST', '/projects/sample/files', {
    kind: 'text',
    path: 'other.md',
    text: 'new',
  });
  expect(again.status).toBe(201);
  await expect
    .poll(async () => (await call(b, 'GET', '/projects/sample/files/other.md')).body)
    .toMatchObject({ text: 'new' });
});

test('of one file that is created at both servers at once there is one', async (context) => {
  const [a, b] = await pair(await parts(context));
  const create = (url: string, text: string) =>
    call(url, 'POST', '/projects/sample/files', { kind: 'text', path: 'same.md', text });
  const made = await Promise.all([create(a, 'a'), create(b, 'b'), create(a, 'c'), create(b, 'd')]);
  expect(made.map(({ status }) => status).sort()).toEqual([201, 409, 409, 409]);
  const winner = 'abcd'.charAt(made.findIndex(({ status }) => status === 201));
  for (const url of [a, b]) {
    await expect
      .poll(async () => (await call(url, 'GET', '/projects/sample/files/same.md')).body)
      .toMatchObject({ text: winner });
  }
});

test('a project that is deleted at one server closes at the other', async (context) => {
  const [a, b] = await pair(await parts(context));
  const editor = await join(a, 'notes.md');
  expect((await call(b, 'DELETE', '/projects/sample')).status).toBe(200);
  expect(await editor.closed).toMatchObject({ code: CloseCode.gone });
});

test('a document that is outgrown begins anew at both servers, once, with all that was acknowledged', async (context) => {
  const [a, b] = await pair(await parts(context), { documentStructs: 400 });
  const here = await join(a, 'notes.md');
  const there = await join(b, 'notes.md');
  there.text.insert(0, 'first;');
  await here.untilText('first;');
  await there.untilStored();
  // Written backwards, so that no two of them become one in memory.
  const sentWith: number[] = [];
  for (let i = 0; i < 600; i++) {
    here.text.insert(0, `${i};`);
    sentWith.push(here.sent);
  }
  expect(await here.closed).toMatchObject({ code: CloseCode.resync });
  expect(await there.closed).toMatchObject({ code: CloseCode.resync });
  const acknowledged = sentWith.flatMap((sent, i) => (sent <= here.stored ? [String(i)] : []));
  const readers = [await join(a, 'notes.md'), await join(b, 'notes.md')];
  for (const reader of readers) {
    const words = reader.text.toString().split(';');
    expect(new Set(words).size).toBe(words.length); // nothing is there twice
    expect(words).toEqual(expect.arrayContaining(['first', ...acknowledged]));
  }
  readers[0]?.text.insert(0, 'again;');
  await readers[1]?.until(() => readers[1]?.text.toString().startsWith('again;') === true);
});

test('awareness of strangers is no way to speak at the other server', async (context) => {
  const [a, b] = await pair(await parts(context));
  const ada = await join(a, 'notes.md');
  introduce(ada, 'Ada');
  const ben = await join(b, 'notes.md');
  introduce(ben, 'Ben');
  await ben.until(() => names(ben).length === 2);
  // Ben says that Ada is gone: nobody believes him, here or there.
  const fake = awarenessProtocol.encodeAwarenessUpdate(ada.awareness, [ada.doc.clientID], new Map());
  ben.sendAwareness(fake);
  const cleo = await join(b, 'notes.md');
  introduce(cleo, 'Cleo');
  await cleo.until(() => names(cleo).length === 3);
  await ada.until(() => names(ada).length === 3);
});

test('a text is taken back only while it is what was seen, though the server that is asked was told nothing', async (context) => {
  const { databaseUrl } = await parts(context);
  const redis = await startRedis();
  if (redis === null) return context.skip(REDIS_MISSING);
  const [a, b] = await pair({ databaseUrl, redisUrl: redis.url }, { catchUpMs: 3_600_000 });
  const here = await join(a, 'anneal.yaml');
  const there = await join(b, 'anneal.yaml');
  await redis.stop();
  const before = there.text.toString();
  here.text.insert(0, '# mended\n');
  await here.untilStored();
  const takeBack = (url: string, text: string, replaces: string) => {
    const wish = { text, replaces, as: { id: 'ada', name: 'Ada' } };
    return call(url, 'POST', '/projects/sample/files/anneal.yaml/take-back', wish);
  };
  const hashOf = (text: string) => createHash('sha256').update(text).digest('hex');
  expect((await takeBack(b, 'old: 1\n', hashOf(before))).status).toBe(409);
  const seen = hashOf(`# mended\n${before}`);
  const wishes = [a, b, a, b].map((url, i) => takeBack(url, `by: ${i}\n`, seen));
  const statuses = (await Promise.all(wishes)).map(({ status }) => status);
  expect([...statuses].sort()).toEqual([200, 409, 409, 409]);
  for (const url of [a, b]) {
    expect((await takeBack(url, 'late: 1\n', seen)).status).toBe(409); // and it has looked at what others wrote
    const { body } = await call(url, 'GET', '/projects/sample/files/anneal.yaml');
    expect(body.text).toBe(`by: ${statuses.indexOf(200)}\n`);
  }
});
