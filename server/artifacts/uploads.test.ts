import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Upload } from 'tus-js-client';
import { expect, onTestFinished, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { createClient } from '../../src/sdk/client.ts';
import { openCutProxy } from '../testing/cut-proxy.ts';
import { FakeS3 } from '../testing/fake-s3.ts';
import { testServer } from '../testing/fixture.ts';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const CHUNK = 256 * 1024;

const tus = (
  url: string,
  path: string,
  method: string,
  headers: Record<string, string> = {},
  body?: Buffer,
) =>
  fetch(`${url}/api/v1/uploads${path}`, {
    method,
    headers: { 'tus-resumable': '1.0.0', ...headers },
    ...(body === undefined ? {} : { body: new Uint8Array(body) }),
  });

const begin = (url: string, sha256: string, bytes: number, client = 'client-one') =>
  tus(url, '', 'POST', {
    'upload-length': String(bytes),
    'upload-metadata': `sha256 ${Buffer.from(sha256).toString('base64')}`,
    'anneal-client': client,
  });

const send = (url: string, sha256: string, offset: number, body: Buffer, client = 'client-one') =>
  tus(
    url,
    `/${sha256}`,
    'PATCH',
    {
      'upload-offset': String(offset),
      'content-type': 'application/offset+octet-stream',
      'anneal-client': client,
    },
    body,
  );

test('an upload cut at many random places, by two tabs at once, is whole and sends at most a chunk more a cut', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const { url, port } = await testServer({ allowHosts: ['127.0.0.1'] });
  const bytes = randomBytes(12 * 1024 * 1024);
  let left = 20;
  const proxy = await openCutProxy(port, () => arm());
  onTestFinished(() => proxy.close());
  const arm = (): void => {
    if (left-- > 0) proxy.cutAfter(1 + random.below(2 * CHUNK));
  };
  arm();
  const tabs = [createClient({ baseUrl: proxy.url }), createClient({ baseUrl: proxy.url })];
  const stored = await Promise.all(
    tabs.map(({ artifacts }) => artifacts.upload(new Blob([bytes]), { chunkBytes: CHUNK })),
  );
  const sha256 = hash(bytes);
  expect(stored).toEqual([
    { sha256, bytes: bytes.length },
    { sha256, bytes: bytes.length },
  ]);
  expect(proxy.cuts()).toBe(20);
  const extra = proxy.sent() - bytes.length;
  expect(extra).toBeLessThanOrEqual(20 * CHUNK + 400 * 1024); // heads of some hundred requests
  const back = await createClient({ baseUrl: url }).artifacts.download(sha256);
  expect(hash(new Uint8Array(await back.arrayBuffer()))).toBe(sha256);
});

test('into a bucket: cut, gone on with, whole, and nothing but the blob is left', async () => {
  const seed = Date.now() % 1_000_000;
  console.log(`seed ${seed}`);
  const random = new Random(seed);
  const s3 = await FakeS3.start();
  const { port } = await testServer({ allowHosts: ['127.0.0.1'], bucket: s3.options() });
  const bytes = randomBytes(14 * 1024 * 1024);
  let left = 3;
  const proxy = await openCutProxy(port, () => arm());
  onTestFinished(() => proxy.close());
  const arm = (): void => {
    if (left-- > 0) proxy.cutAfter(1 + random.below(4 * 1024 * 1024));
  };
  arm();
  const { artifacts } = createClient({ baseUrl: proxy.url });
  const { sha256 } = await artifacts.upload(new Blob([bytes]), { chunkBytes: 6 * 1024 * 1024 });
  expect(proxy.cuts()).toBe(3);
  expect([...s3.objects.keys()]).toEqual([`anneal/blobs/${sha256}`]);
  expect(s3.uploads.size).toBe(0);
  const back = await artifacts.download(sha256);
  expect(Buffer.from(await back.arrayBuffer()).equals(bytes)).toBe(true);
  const none = await artifacts.upload(new Blob([]));
  expect(await artifacts.size(none.sha256)).toBe(0);
});

test('whoever has the file goes on where it stopped, and one at a time', async () => {
  let now = Date.now();
  const { url } = await testServer({ now: () => now });
  const bytes = randomBytes(300_000);
  const sha256 = hash(bytes);
  expect((await tus(url, `/${sha256}`, 'HEAD')).status).toBe(404);
  expect((await begin(url, sha256, bytes.length)).status).toBe(201);
  expect((await begin(url, sha256, bytes.length, 'client-two')).status).toBe(423);
  expect((await tus(url, `/${sha256}`, 'HEAD', { 'anneal-client': 'client-two' })).status).toBe(423);
  const first = await send(url, sha256, 0, bytes.subarray(0, 100_000));
  expect([first.status, first.headers.get('upload-offset')]).toEqual([204, '100000']);
  const wrong = await send(url, sha256, 99_999, bytes.subarray(99_999));
  expect([wrong.status, ((await wrong.json()) as { code: string }).code]).toEqual([409, 'ANN-PRO-048']);
  const head = await tus(url, `/${sha256}`, 'HEAD', { 'anneal-client': 'client-one' });
  expect([head.headers.get('upload-offset'), head.headers.get('upload-length')]).toEqual([
    '100000',
    '300000',
  ]);
  // The other has his turn once the first has sent nothing for some seconds.
  const other = () => tus(url, `/${sha256}`, 'HEAD', { 'anneal-client': 'client-two' });
  expect((await other()).status).toBe(423);
  now += 5000;
  expect((await other()).status).toBe(200);
  const last = await send(url, sha256, 100_000, bytes.subarray(100_000), 'client-two');
  expect([last.status, await last.text()]).toEqual([204, '']);
  const done = await tus(url, `/${sha256}`, 'HEAD', { 'anneal-client': 'client-one' });
  expect([done.status, done.headers.get('upload-offset')]).toEqual([200, '300000']);
  expect((await fetch(`${url}/api/v1/artifacts/${sha256}`)).status).toBe(200);
});

test('bytes of another hash are refused at the end, and nothing is left', async () => {
  const { url, dataDir } = await testServer();
  const sha256 = hash(Buffer.from('right'));
  await begin(url, sha256, 5);
  const answer = await send(url, sha256, 0, Buffer.from('wrong'));
  expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([422, 'ANN-PRO-013']);
  expect((await tus(url, `/${sha256}`, 'HEAD')).status).toBe(404);
  expect(await readdir(join(dataDir, 'artifacts', 'uploads'))).toEqual([]);
  expect((await fetch(`${url}/api/v1/artifacts/${sha256}`)).status).toBe(404);
});

test('no room, too large, or not announced as it should: said before a byte is sent', async () => {
  const { url } = await testServer({ quotaBytes: 1000, maxArtifactBytes: 5000 });
  const code = async (response: Response) => ((await response.json()) as { code: string }).code;
  const sha256 = 'a'.repeat(64);
  expect(await (await begin(url, sha256, 5001)).json()).toMatchObject({
    code: 'ANN-PRO-014',
    message: 'The server takes artifacts of up to 5 kB',
    data: { limit: 5000 },
  });
  const full = await begin(url, sha256, 1001);
  expect(full.status).toBe(413);
  expect(await full.json()).toMatchObject({
    code: 'ANN-PRO-045',
    data: { quota: 1000, used: 0, pending: 0, needed: 1001 },
  });
  expect((await begin(url, sha256, 600)).status).toBe(201);
  expect(await code(await begin(url, 'b'.repeat(64), 600))).toBe('ANN-PRO-045'); // the first has set room aside
  expect(await code(await begin(url, 'not a hash', 5))).toBe('ANN-PRO-001');
  expect(await code(await tus(url, '', 'POST', { 'upload-length': '-1' }))).toBe('ANN-PRO-001');
  const right = {
    'anneal-client': 'client-one',
    'upload-offset': '0',
    'content-type': 'application/offset+octet-stream',
  };
  for (const wrong of [
    { 'tus-resumable': '0.2.2' },
    { 'upload-offset': '-5' },
    { 'upload-offset': '1e3' },
    { 'content-type': 'text/plain' },
  ])
    expect(await code(await tus(url, `/${sha256}`, 'PATCH', { ...right, ...wrong }, Buffer.from('x')))).toBe(
      'ANN-PRO-001',
    );
  const { artifacts } = createClient({ baseUrl: url });
  await expect(artifacts.upload(new Blob([randomBytes(2000)]))).rejects.toMatchObject({
    code: 'ANN-PRO-045',
  });
  const use = await artifacts.use('home');
  expect(use).toEqual({ used: 0, pending: 600, quota: 1000 });
  expect((await tus(url, `/${sha256}`, 'DELETE', { 'anneal-client': 'client-one' })).status).toBe(204);
  expect((await artifacts.use('home')).pending).toBe(0);
  expect((await artifacts.setQuota('home', 100)).quota).toBe(100);
  expect(await code(await begin(url, sha256, 101))).toBe('ANN-PRO-045');
  expect((await artifacts.setQuota('home', 1_000_000)).quota).toBe(1000); // the server's own limit
  expect((await artifacts.setQuota('home', null)).quota).toBe(1000);
});

test('a client of tus that knows nothing of us uploads too', async () => {
  const { url } = await testServer();
  const bytes = randomBytes(1_000_000);
  await new Promise<void>((resolve, reject) => {
    const upload = new Upload(bytes, {
      endpoint: `${url}/api/v1/uploads`,
      metadata: { sha256: hash(bytes), filename: 'a name, with a comma' },
      chunkSize: 300_000,
      onSuccess: () => resolve(),
      onError: reject,
    });
    upload.start();
  });
  const back = await createClient({ baseUrl: url }).artifacts.download(hash(bytes));
  expect(back.size).toBe(bytes.length);
});

test('nothing is a file too', async () => {
  const { url } = await testServer();
  const { artifacts } = createClient({ baseUrl: url });
  const { sha256 } = await artifacts.upload(new Blob([]));
  expect(await artifacts.size(sha256)).toBe(0);
});
