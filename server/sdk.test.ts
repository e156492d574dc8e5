import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { CloseCode, syncPath } from '../src/protocol/sync.ts';
import { type Client, createClient } from '../src/sdk/client.ts';
import { Editor } from './testing/editor.ts';
import { SAMPLE_CONFIG, testServer } from './testing/fixture.ts';
import { join } from './testing/join.ts';

/** The client against the real server: what a user does with projects, files and artifacts. */

async function setUp(): Promise<{ readonly client: Client; readonly url: string }> {
  const { url } = await testServer();
  return { client: createClient({ baseUrl: `${url}/` }), url };
}

test('a project is made, renamed, deleted, restored', async () => {
  const { client, url } = await setUp();
  const project = await client.projects.create({ name: 'Café – première' });
  expect(project).toMatchObject({ id: 'cafe-premiere', name: 'Café – première', deleted: null });
  expect((await client.projects.create({ name: 'Café – première' })).id).toMatch(
    /^cafe-premiere-[0-9a-f]{6}$/,
  );
  expect(await client.files.read('cafe-premiere', 'anneal.yaml')).toBe(SAMPLE_CONFIG);
  expect((await client.projects.rename(project.id, 'Other')).name).toBe('Other');
  const editor = await join(url, 'anneal.yaml', { project: project.id });
  editor.text.insert(0, '# kept\n');
  await editor.untilStored();
  await client.projects.remove(project.id);
  expect((await editor.closed).code).toBe(CloseCode.gone);
  expect((await client.projects.list()).map(({ id }) => id)).not.toContain(project.id);
  expect((await client.projects.list({ deleted: true })).map(({ id }) => id)).toEqual([project.id]);
  await expect(client.files.list(project.id)).rejects.toMatchObject({ code: 'ANN-PRO-006' });
  const refused = new Editor(url, syncPath(project.id, 'anneal.yaml'));
  expect((await refused.closed).code).toBe(CloseCode.gone);
  await client.projects.restore(project.id);
  expect(await client.files.read(project.id, 'anneal.yaml')).toBe(`# kept\n${SAMPLE_CONFIG}`);
});

test('the sample is made once: who deletes it is rid of it', async () => {
  const first = await testServer();
  const client = createClient({ baseUrl: first.url });
  await client.projects.remove('sample');
  await first.close();
  const second = await testServer({ dataDir: first.dataDir });
  expect(await createClient({ baseUrl: second.url }).projects.list()).toEqual([]);
});

test('a text file is made, moved, deleted, restored, and its editors are told', async () => {
  const { client, url } = await setUp();
  await client.files.create('sample', {
    kind: 'text',
    path: 'notes/a.md',
    text: '\uFEFFone\r\ntwo\rthree\0',
  });
  expect(await client.files.read('sample', 'notes/a.md')).toBe('one\ntwo\nthree\uFFFD');
  const editor = await join(url, 'notes/a.md');
  editor.text.insert(0, 'zero\n');
  await editor.untilStored();
  const moved = await client.files.rename('sample', 'notes/a.md', 'b.md');
  expect(moved.path).toBe('b.md');
  expect(await editor.closed).toEqual({ code: CloseCode.gone, reason: 'Moved: notes/a.md is now b.md' });
  // What was written offline meanwhile belongs to the same document under its new name.
  editor.text.insert(0, 'offline\n');
  const again = await join(url, 'b.md', { doc: editor.doc });
  await again.untilStored();
  expect(await client.files.read('sample', 'b.md')).toBe('offline\nzero\none\ntwo\nthree\uFFFD');
  const refused = new Editor(url, syncPath('sample', 'notes/a.md'));
  expect(await refused.closed).toEqual({ code: CloseCode.gone, reason: 'Moved to b.md' });

  await client.files.remove('sample', 'b.md');
  expect((await again.closed).code).toBe(CloseCode.gone);
  await expect(client.files.read('sample', 'b.md')).rejects.toMatchObject({
    code: 'ANN-PRO-010',
    where: 'b.md',
  });
  await expect(client.files.create('sample', { kind: 'text', path: 'b.md' })).rejects.toMatchObject({
    code: 'ANN-PRO-009',
  });
  await client.files.restore('sample', 'b.md');
  expect(await client.files.read('sample', 'b.md')).toMatch(/^offline/);
  await client.files.remove('sample', 'b.md', { forever: true });
  await client.files.create('sample', { kind: 'text', path: 'b.md', text: 'new' });
  expect(await client.files.read('sample', 'b.md')).toBe('new');
});

test('a renamed file can be named as before, and its old editors follow', async () => {
  const { client, url } = await setUp();
  await client.files.rename('sample', 'anneal.yaml', 'b.yaml');
  await client.files.rename('sample', 'b.yaml', 'c.yaml');
  await client.files.create('sample', { kind: 'text', path: 'other.md' });
  await expect(client.files.rename('sample', 'other.md', 'anneal.yaml')).rejects.toMatchObject({
    code: 'ANN-PRO-009',
  });
  await client.files.remove('sample', 'other.md', { forever: true });
  await client.files.rename('sample', 'c.yaml', 'anneal.yaml');
  const editor = await join(url, 'anneal.yaml');
  expect(editor.text.toString()).toBe(SAMPLE_CONFIG);
  const late = new Editor(url, syncPath('sample', 'c.yaml'));
  expect(await late.closed).toEqual({ code: CloseCode.gone, reason: 'Moved to anneal.yaml' });
  expect((await client.files.list('sample')).map(({ path }) => path)).toEqual(['anneal.yaml']);
});

test('a name under which somebody wrote before the list had it is taken, and nobody else is disturbed', async () => {
  const { client, url } = await setUp();
  const writer = await join(url, 'offline.md');
  writer.text.insert(0, 'written');
  await writer.untilStored();
  const list = await join(url, '.project');
  await list.until(() => list.doc.getMap('files').has('offline.md'));
  list.doc.getMap('files').delete('offline.md'); // as it is while the entry is on its way
  await list.untilStored();
  await expect(client.files.rename('sample', 'anneal.yaml', 'offline.md')).rejects.toMatchObject({
    code: 'ANN-PRO-009',
  });
  expect(await client.files.read('sample', 'anneal.yaml')).toBe(SAMPLE_CONFIG);
  expect(list.socket.readyState).toBe(list.socket.OPEN);
});

test('a file that an editor makes by writing is in the list, also after a restart', async () => {
  const first = await testServer();
  const editor = await join(first.url, 'made/offline.md');
  editor.text.insert(0, 'x');
  await editor.untilStored();
  const project = await join(first.url, '.project');
  await project.until(() => project.doc.getMap('files').has('made/offline.md'));
  await first.close();
  const second = await testServer({ dataDir: first.dataDir });
  const files = await createClient({ baseUrl: second.url }).files.list('sample');
  expect(files.map(({ path }) => path)).toEqual(['anneal.yaml', 'made/offline.md']);
});

test('the list is the shared map: an entry that an editor sets is seen over HTTP, and the other way round', async () => {
  const { client, url } = await setUp();
  const editor = await join(url, '.project');
  const files = editor.doc.getMap('files');
  files.set('data.txt', { kind: 'artifact', sha256: '0'.repeat(64), bytes: 3, created: 1 });
  files.set('../climbs', { kind: 'text', created: 1 });
  files.set('odd', { kind: 'odd' });
  await editor.untilStored();
  expect((await client.files.list('sample')).map(({ path }) => path)).toEqual(['anneal.yaml', 'data.txt']);
  await client.files.create('sample', { kind: 'text', path: 'c.md', text: '' });
  await editor.until(() => files.has('c.md'));
  expect(files.get('c.md')).toMatchObject({ kind: 'text' });
});

test('many who create, move and delete at once end with one truth', async () => {
  const { client } = await setUp();
  const made = await Promise.allSettled(
    Array.from({ length: 12 }, (_, i) =>
      client.files.create('sample', { kind: 'text', path: `f${i % 4}.md`, text: `${i}` }),
    ),
  );
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
  const moved = await Promise.allSettled([
    client.files.rename('sample', 'f0.md', 'f9.md'),
    client.files.rename('sample', 'f1.md', 'f9.md'),
    client.files.rename('sample', 'f2.md', 'f0.md'),
    client.files.rename('sample', 'f0.md', 'f2.md'),
  ]);
  expect(moved.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  const paths = (await client.files.list('sample')).map(({ path }) => path);
  expect(paths).toContain('f9.md');
  expect(paths).toHaveLength(5);
});

test('an artifact goes up with its progress, is named in the project, and comes down verified', async () => {
  const { client } = await setUp();
  const bytes = randomBytes(2_000_000);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  expect(await client.artifacts.size(sha256)).toBeNull();
  await expect(
    client.files.create('sample', { kind: 'artifact', path: 'd.bin', sha256 }),
  ).rejects.toMatchObject({
    code: 'ANN-PRO-012',
  });
  const up: number[] = [];
  const artifact = await client.artifacts.upload(new Blob([bytes]), { onProgress: (p) => up.push(p.bytes) });
  expect(artifact).toEqual({ sha256, bytes: bytes.length });
  expect(up.at(-1)).toBe(bytes.length);
  expect(up.length).toBeGreaterThan(2);
  await client.files.create('sample', { kind: 'artifact', path: 'd.bin', sha256 });
  expect((await client.files.list('sample')).find(({ path }) => path === 'd.bin')).toMatchObject({
    sha256,
    bytes: bytes.length,
  });
  const down: number[] = [];
  const blob = await client.artifacts.download(sha256, { onProgress: (p) => down.push(p.total ?? -1) });
  expect(Buffer.from(await blob.arrayBuffer()).equals(bytes)).toBe(true);
  expect(new Set(down)).toEqual(new Set([bytes.length]));
});

/** A server that answers anything with what it is given. */
async function liar(answer: Uint8Array | string, status = 200): Promise<Client> {
  const server = createServer((_, response) => {
    response.statusCode = status;
    response.end(answer);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return createClient({
    baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    timeoutMs: 30_000,
  });
}

test('bytes that are not those of the hash are an error, not a download', async () => {
  const client = await liar('other bytes');
  await expect(client.artifacts.download('0'.repeat(64))).rejects.toMatchObject({ code: 'ANN-PRO-013' });
});

test('an answer that makes no sense, a server that is away, one that does not answer, and a change of mind', async () => {
  await expect((await liar('<html>')).health()).rejects.toMatchObject({ code: 'ANN-PRO-023' });
  await expect((await liar('<html>', 502)).health()).rejects.toMatchObject({ code: 'ANN-PRO-023' });
  await expect(createClient({ baseUrl: 'http://127.0.0.1:1' }).health()).rejects.toMatchObject({
    code: 'ANN-PRO-020',
  });
  const silent = createServer(() => undefined);
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    silent.closeAllConnections();
    silent.close();
  });
  const baseUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  await expect(createClient({ baseUrl, timeoutMs: 50 }).health()).rejects.toMatchObject({
    code: 'ANN-PRO-021',
  });
  const controller = new AbortController();
  const asked = createClient({ baseUrl }).health({ signal: controller.signal });
  controller.abort();
  await expect(asked).rejects.toMatchObject({ code: 'ANN-PRO-022' });
  const upload = createClient({ baseUrl }).artifacts.upload(new Blob(['x']), { signal: controller.signal });
  await expect(upload).rejects.toMatchObject({ code: 'ANN-PRO-022' });
});
