import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientRequest, type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { ArtifactUse } from '../../src/protocol/http/artifacts.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { sharedServer, type TestServer } from '../testing/fixture.ts';
import { Browser, memberOf, ownerOf } from '../testing/people.ts';

let server: TestServer;
let owner: Browser;

beforeAll(async () => {
  server = await sharedServer({ auth: 'on' });
  owner = await ownerOf(server);
  return () => server.close();
});

type Made<What extends string> = { readonly [K in What]: { readonly id: string } } & {
  readonly secret: string;
};
type Headers = Readonly<Record<string, string>>;

/** Somebody who may write, and how it is taken from him. */
interface Guest {
  readonly headers: Headers;
  readonly query: string;
  end(): Promise<unknown>;
}

const headersOf = (browser: Browser): Headers => ({
  cookie: browser.cookie,
  origin: new URL(server.url).origin,
});

async function member(end: (eve: Browser, id: string) => Promise<unknown>): Promise<Guest> {
  const eve = await memberOf(owner, `Eve ${randomBytes(4).toString('hex')}`, 'editor');
  const { principal } = await eve.session();
  return { headers: headersOf(eve), query: '', end: () => end(eve, principal?.id ?? '') };
}

const removal = (id: string) => owner.get('DELETE', `/workspaces/home/members/${id}`);

const guests: Readonly<Record<string, () => Promise<Guest>>> = {
  'a member who is removed': () => member((_eve, id) => removal(id)),
  'a member who becomes a reader': () =>
    member((_eve, id) => owner.get('PATCH', `/workspaces/home/members/${id}`, { role: 'viewer' })),
  'a session that is ended': () => member((eve) => eve.get('DELETE', '/session')),
  'a key that is revoked': async () => {
    const made = { name: 'k', scopes: ['read', 'write', 'artifacts'] };
    const { key, secret } = await owner.get<Made<'key'>>('POST', '/workspaces/home/keys', made);
    const end = () => owner.get('DELETE', `/workspaces/home/keys/${key.id}`);
    return { headers: { authorization: `Bearer ${secret}` }, query: '', end };
  },
  'a link that is revoked': async () => {
    const made = { name: 'Guest', role: 'editor', project: 'sample', lastingMs: null };
    const { share, secret } = await owner.get<Made<'share'>>('POST', '/workspaces/home/shares', made);
    const guest = new Browser(server.url);
    await guest.get('POST', '/shares/open', { secret });
    const end = () => owner.get('DELETE', `/workspaces/home/shares/${share.id}`);
    return { headers: headersOf(guest), query: '?project=sample', end };
  },
};

const hash = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const isStored = async (sha256: string): Promise<boolean> =>
  (await owner.fetch(`${API_PREFIX}/artifacts/${sha256}`, { method: 'HEAD' })).status === 200;
const pending = async (): Promise<number> =>
  (await owner.get<ArtifactUse>('GET', '/workspaces/home/artifacts/use')).pending;

/** What became of a request: its answer's status, or that the connection was cut. */
function outcome(sent: ClientRequest): Promise<number | 'cut'> {
  return new Promise((resolve) => {
    sent.once('response', (response: IncomingMessage) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once('error', () => resolve('cut'));
  });
}

/** Sends the half of some bytes by PUT; resolves when the server has room set aside for it. */
async function halfSent({ headers, query }: Guest) {
  const bytes = randomBytes(2_000_000);
  const before = await pending();
  const sent = request(`${server.url}${API_PREFIX}/artifacts/${hash(bytes)}${query}`, {
    method: 'PUT',
    headers: { ...headers, 'content-type': 'application/octet-stream', 'content-length': bytes.length },
  });
  const ended = outcome(sent);
  sent.write(bytes.subarray(0, 1_000_000));
  await expect.poll(pending).toBe(before + bytes.length);
  return { sha256: hash(bytes), before, ended, goOn: () => sent.end(bytes.subarray(1_000_000)) };
}

for (const [who, make] of Object.entries(guests)) {
  test(`${who}: what he uploads is cut off, and nothing of it is stored`, async () => {
    const guest = await make();
    const upload = await halfSent(guest);
    await guest.end();
    expect(await upload.ended).toBe('cut');
    expect(await isStored(upload.sha256)).toBe(false);
    await expect.poll(pending).toBe(upload.before);
  });
}

test('a chunk of a resumable upload is cut off as well', async () => {
  const guest = await guests['a member who is removed']?.();
  const { headers = {}, end } = guest ?? {};
  const bytes = randomBytes(2_000_000);
  const sha256 = hash(bytes);
  const tus = { ...headers, 'tus-resumable': '1.0.0', 'anneal-client': 'client-eve' };
  const metadata = `sha256 ${Buffer.from(sha256).toString('base64')}`;
  const begun = await fetch(`${server.url}${API_PREFIX}/uploads`, {
    method: 'POST',
    headers: { ...tus, 'upload-length': String(bytes.length), 'upload-metadata': metadata },
  });
  expect(begun.status).toBe(201);
  const sent = request(`${server.url}${API_PREFIX}/uploads/${sha256}`, {
    method: 'PATCH',
    headers: {
      ...tus,
      'upload-offset': '0',
      'content-type': 'application/offset+octet-stream',
      'content-length': bytes.length,
    },
  });
  const ended = outcome(sent);
  sent.write(bytes.subarray(0, 1_000_000));
  // Some of them have come: his request was let in while he was a member.
  const offset = async () => {
    const asked = await fetch(`${server.url}${API_PREFIX}/uploads/${sha256}`, {
      method: 'HEAD',
      headers: tus,
    });
    return Number(asked.headers.get('upload-offset'));
  };
  await expect.poll(offset).toBeGreaterThan(0);
  await end?.();
  expect(await ended).toBe('cut');
  expect(await isStored(sha256)).toBe(false);
});

/** Begins to read an artifact, slowly. Resolves with how it goes on: how many bytes have come when it is over. */
async function reading(
  { headers, query }: Guest,
  sha256: string,
  pause: () => Promise<unknown>,
): Promise<() => Promise<number>> {
  const sent = request(`${server.url}${API_PREFIX}/artifacts/${sha256}${query}`, { headers });
  sent.end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  response.on('error', () => undefined); // it is cut off
  await once(response, 'readable');
  return async () => {
    let bytes = 0;
    let over = false;
    response.once('close', () => {
      over = true;
    });
    while (!over) {
      const chunk = response.read() as Buffer | null;
      bytes += chunk?.length ?? 0;
      await pause();
    }
    return bytes;
  };
}

test('who is removed does not get the rest of what he downloads; who may read still does', async () => {
  const bytes = randomBytes(24_000_000);
  const stored = await owner.fetch(`${API_PREFIX}/artifacts/${hash(bytes)}`, { method: 'PUT', body: bytes });
  expect(stored.status).toBe(201);
  const removed = await member((_eve, id) => removal(id));
  const reader = await member((_eve, id) =>
    owner.get('PATCH', `/workspaces/home/members/${id}`, { role: 'viewer' }),
  );
  const rests = await Promise.all([
    reading(removed, hash(bytes), () => owner.session()), // meanwhile the server gets to other things
    reading(reader, hash(bytes), () => setImmediate()),
  ]);
  await removed.end();
  await reader.end();
  const [some = 0, all] = await Promise.all(rests.map((rest) => rest()));
  expect(some).toBeLessThan(bytes.length);
  expect(all).toBe(bytes.length);
});

test('who was removed without the server being told is asked for again before his upload is stored', async () => {
  const guest = await member(async (_eve, id) => {
    const database = new DatabaseSync(join(server.dataDir, 'anneal.db'), { timeout: 5_000 });
    database.prepare('delete from members where user = ?').run(id);
    database.close();
  });
  const upload = await halfSent(guest);
  await guest.end();
  upload.goOn();
  expect(await upload.ended).toBe(404);
  expect(await isStored(upload.sha256)).toBe(false);
});
