import { createHash, randomBytes } from 'node:crypto';
import { readdir } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { testServer } from '../testing/fixture.ts';

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

const put = (url: string, sha256: string, body: BodyInit): Promise<Response> =>
  fetch(`${url}/api/v1/artifacts/${sha256}`, { method: 'PUT', body });

async function stored(dataDir: string): Promise<string[]> {
  return (await readdir(join(dataDir, 'artifacts'), { recursive: true })).filter((name) =>
    /[0-9a-f-]{36,}/.test(name),
  );
}

test('bytes go in and come out, once or ten times at once', async () => {
  const { url, dataDir } = await testServer();
  const bytes = randomBytes(3_000_000);
  const sha256 = hash(bytes);
  const answers = await Promise.all(Array.from({ length: 10 }, () => put(url, sha256, bytes)));
  expect(answers.every(({ status }) => status === 201 || status === 200)).toBe(true);
  expect((await put(url, sha256, bytes)).status).toBe(200);
  const response = await fetch(`${url}/api/v1/artifacts/${sha256}`);
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(Buffer.from(await response.arrayBuffer()).equals(bytes)).toBe(true);
  expect(await stored(dataDir)).toEqual([join(sha256.slice(0, 2), sha256)]);
});

test('a wrong hash is refused and nothing is left, also where the right bytes are stored', async () => {
  const { url, dataDir } = await testServer();
  const right = Buffer.from('right');
  const wrong = await put(url, hash(right), Buffer.from('wrong'));
  expect(wrong.status).toBe(422);
  const facts = (await wrong.json()) as { code: string; data: { actual: string } };
  expect(facts.code).toBe('ANN-PRO-013');
  expect(facts.data.actual).toBe(hash(Buffer.from('wrong')));
  expect(await stored(dataDir)).toEqual([]);
  expect((await put(url, hash(right), right)).status).toBe(201);
  expect((await put(url, hash(right), Buffer.from('wrong'))).status).toBe(422);
  expect(await (await fetch(`${url}/api/v1/artifacts/${hash(right)}`)).text()).toBe('right');
});

test('nothing, one byte and a form are bytes as any other', async () => {
  const { url } = await testServer();
  for (const body of ['', 'x', new URLSearchParams({ a: 'b' })]) {
    const bytes = Buffer.from(String(body));
    expect((await put(url, hash(bytes), body)).status).toBe(201);
    const back = await fetch(`${url}/api/v1/artifacts/${hash(bytes)}`);
    expect(await back.text()).toBe(String(body));
  }
});

test('what is too large is refused, announced or not, and nothing is left', async () => {
  const { url, port, dataDir } = await testServer({ maxArtifactBytes: 100_000 });
  const bytes = randomBytes(100_001);
  expect((await put(url, hash(bytes), bytes)).status).toBe(413);
  const status = await new Promise<number>((resolve, reject) => {
    const path = `/api/v1/artifacts/${hash(bytes)}`;
    const upload = request({ host: '127.0.0.1', port, path, method: 'PUT' }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    upload.on('error', reject);
    upload.write(bytes); // in chunks, without a length
    upload.end();
  });
  expect(status).toBe(413);
  expect(await stored(dataDir)).toEqual([]);
});

test('an upload that breaks off leaves nothing', async () => {
  const { port, dataDir } = await testServer();
  const bytes = randomBytes(1_000_000);
  const path = `/api/v1/artifacts/${hash(bytes)}`;
  const upload = request({
    host: '127.0.0.1',
    port,
    path,
    method: 'PUT',
    headers: { 'content-length': bytes.length },
  });
  upload.on('error', () => undefined);
  await new Promise<void>((resolve) => upload.write(bytes.subarray(0, 500_000), () => resolve()));
  await expect.poll(() => stored(dataDir)).toHaveLength(1);
  upload.destroy();
  await expect.poll(() => stored(dataDir)).toEqual([]);
});

test('parts of the bytes, and what has not changed', async () => {
  const { url } = await testServer();
  const bytes = Buffer.from('0123456789');
  const address = `${url}/api/v1/artifacts/${hash(bytes)}`;
  await put(url, hash(bytes), bytes);
  const part = await fetch(address, { headers: { range: 'bytes=2-4' } });
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 2-4/10',
    '234',
  ]);
  const etag = part.headers.get('etag') ?? '';
  expect((await fetch(address, { headers: { range: 'bytes=2-4', 'if-range': '"other"' } })).status).toBe(200);
  expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304);
  const outside = await fetch(address, { headers: { range: 'bytes=10-' } });
  expect([outside.status, outside.headers.get('content-range')]).toEqual([416, 'bytes */10']);
  const head = await fetch(address, { method: 'HEAD' });
  expect([head.status, head.headers.get('content-length')]).toEqual([200, '10']);
});
