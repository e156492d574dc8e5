import { createHash, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import * as Y from 'yjs';
import type { Role } from '../../src/domain/access/roles.ts';
import { CloseCode, syncPath, TICKET_SUBPROTOCOL_PREFIX } from '../../src/protocol/sync.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { freshProject } from '../testing/calls.ts';
import { Editor } from '../testing/editor.ts';
import { sharedServer, type TestServer, testServer } from '../testing/fixture.ts';
import { Browser, ownerOf } from '../testing/people.ts';

// A link leads to one project. What else the workspace has is out of reach, however well somebody knows its hash.

let server: TestServer;
let owner: Browser;
/** The project that the link is for, and another of the workspace with an artifact of its own. */
let project: string;
let other: string;
let secret: Bytes;

interface Bytes {
  readonly sha256: string;
  readonly bytes: Buffer;
}

beforeAll(async () => {
  // However long the machine takes to try eleven thousand names.
  server = await sharedServer({ auth: 'on', limits: { trialMs: 60_000 } });
  owner = await ownerOf(server);
});
afterAll(() => server.close());

beforeEach(async () => {
  project = await freshProject(owner, 'home');
  other = await freshProject(owner, 'home');
  secret = someBytes();
  expect(await put(owner, other, secret)).toBe(201);
});

function someBytes(): Bytes {
  const bytes = randomBytes(64);
  return { bytes, sha256: createHash('sha256').update(bytes).digest('hex') };
}

async function put(browser: Browser, through: string, { sha256, bytes }: Bytes): Promise<number> {
  const init = { method: 'PUT', body: new Uint8Array(bytes) };
  const response = await browser.fetch(`${API_PREFIX}/artifacts/${sha256}?project=${through}`, init);
  await response.arrayBuffer();
  return response.status;
}

async function get(browser: Browser, through: string, { sha256 }: Pick<Bytes, 'sha256'>): Promise<number> {
  const statuses = [];
  for (const method of ['HEAD', 'GET']) {
    const response = await browser.fetch(`${API_PREFIX}/artifacts/${sha256}?project=${through}`, { method });
    await response.arrayBuffer();
    statuses.push(response.status);
  }
  expect(statuses[0]).toBe(statuses[1]);
  return statuses[0] ?? 0;
}

async function guest(
  role: Role,
  browser = new Browser(server.url),
  { host, at }: { readonly host: Browser; readonly at: string } = { host: owner, at: project },
): Promise<Browser> {
  const wish = { role, project: at };
  const { secret: link } = await host.get<{ secret: string }>('POST', '/workspaces/home/shares', wish);
  await browser.get('POST', '/shares/open', { secret: link });
  return browser;
}

/** Somebody in the project's own document, as the studio is. */
async function inList(browser: Browser, at = project, doc = new Y.Doc()): Promise<Editor> {
  const wish = { project: at, path: '.project' };
  const { ticket } = await browser.get<{ ticket: string }>('POST', '/tickets', wish);
  const protocols = [`${TICKET_SUBPROTOCOL_PREFIX}${ticket}`];
  const editor = new Editor(browser.url, syncPath(at, wish.path), { protocols, doc });
  await editor.untilSynced();
  return editor;
}

const enter = (doc: Y.Doc, path: string, sha256: string): void =>
  void doc.getMap('files').set(path, { kind: 'artifact', sha256, bytes: 64, created: 1 });

async function nameIn(browser: Browser, path: string, { sha256 }: Bytes): Promise<void> {
  const editor = await inList(browser);
  enter(editor.doc, path, sha256);
  await editor.untilStored();
  await editor.leave();
}

describe.each(['viewer', 'commenter', 'editor'] as const)('whoever has a link as %s', (role) => {
  test('reaches what its project has, and nothing else of the workspace', async () => {
    const browser = await guest(role);
    expect(await get(browser, project, secret)).toBe(404);
    expect(await get(browser, other, secret)).toBe(404);
    const sent = someBytes();
    await put(owner, project, sent);
    expect(await get(browser, project, sent)).toBe(200);
    const held = someBytes();
    await put(owner, other, held);
    await owner.get('PUT', `/projects/${project}/holds/run-1`, { artifacts: [held.sha256] });
    expect(await get(browser, project, held)).toBe(200);
    const listed = someBytes();
    await put(owner, other, listed);
    await nameIn(owner, 'data.bin', listed);
    expect(await get(browser, project, listed)).toBe(200);
    await owner.get('DELETE', `/projects/${project}/files/data.bin`);
    expect(await get(browser, project, listed)).toBe(200); // it can be restored
    expect(await get(browser, project, secret)).toBe(404);
  });
});

describe('an editor by a link names what he does not have', () => {
  test('as a file', async () => {
    const browser = await guest('editor');
    const file = { kind: 'artifact', path: 'stolen.bin', sha256: secret.sha256 };
    expect((await browser.call('POST', `/projects/${project}/files`, file)).status).toBe(404);
    expect(await get(browser, project, secret)).toBe(404);
  });

  test('as what a run holds', async () => {
    const browser = await guest('editor');
    await browser.get('PUT', `/projects/${project}/holds/run-1`, { artifacts: [secret.sha256] });
    expect(await get(browser, project, secret)).toBe(404);
  });

  test('in the shared list of files, and moves the file so that the server has written it', async () => {
    const browser = await guest('editor');
    await nameIn(browser, 'stolen.bin', secret);
    expect(await get(browser, project, secret)).toBe(404);
    await browser.get('PATCH', `/projects/${project}/files/stolen.bin`, { path: 'moved.bin' });
    expect(await get(browser, project, secret)).toBe(404);
    // Nor does it help him that somebody's run of the workspace takes it for a file of the project.
    await owner.get('PUT', `/projects/${project}/holds/run-1`, { artifacts: [secret.sha256] });
    expect(await get(browser, project, secret)).toBe(404);
    expect(await get(owner, project, secret)).toBe(200);
    // Only the bytes do.
    expect(await put(browser, project, secret)).toBe(201);
    expect(await get(browser, project, secret)).toBe(200);
  });

  test('among so many that no statement has room for them', async () => {
    const browser = await guest('editor');
    const editor = await inList(browser);
    editor.doc.transact(() => {
      for (let i = 0; i < 11_000; i++) enter(editor.doc, `${i}.bin`, `${i}`.padStart(64, '0'));
      enter(editor.doc, 'stolen.bin', secret.sha256);
    });
    await editor.untilStored();
    expect(await get(browser, project, secret)).toBe(404);
    await editor.leave();
  });

  test('with digits around it', async () => {
    const browser = await guest('editor');
    const editor = await inList(browser);
    const entry = { kind: 'artifact', bytes: 64, created: 1 };
    editor.doc
      .getMap('files')
      .set('deadbeef', { ...entry, a: 'f'.repeat(70), sha256: secret.sha256, b: 'a' });
    await editor.untilStored();
    expect(await get(browser, project, secret)).toBe(404);
    await editor.leave();
  });

  test('in what builds on something else, which others bring later', async () => {
    const browser = await guest('editor');
    const author = new Y.Doc();
    enter(author, 'data.bin', '0'.repeat(64));
    const before = Y.encodeStateAsUpdate(author);
    const known = Y.encodeStateVector(author);
    enter(author, 'stolen.bin', secret.sha256);
    const editor = await inList(browser);
    editor.sendUpdate(Y.encodeStateAsUpdate(author, known));
    expect((await editor.closed).code).toBe(CloseCode.resync); // it is not kept until then
    const others = await inList(owner);
    Y.applyUpdate(others.doc, before);
    await others.untilStored();
    await others.leave();
    const { files } = await owner.get<{ files: object[] }>('GET', `/projects/${project}/files`);
    expect(files).toContainEqual(expect.objectContaining({ path: 'data.bin' }));
    expect(files).not.toContainEqual(expect.objectContaining({ path: 'stolen.bin' }));
    expect(await get(browser, project, secret)).toBe(404);
  });

  test('until somebody of the workspace makes a file of it', async () => {
    const browser = await guest('editor');
    await nameIn(browser, 'named.bin', secret);
    expect(await get(browser, project, secret)).toBe(404);
    const file = { kind: 'artifact', path: 'given.bin', sha256: secret.sha256 };
    expect((await owner.call('POST', `/projects/${project}/files`, file)).status).toBe(201);
    expect(await get(browser, project, secret)).toBe(200);
  });

  test('beside an account of his own, in which he sees nothing of the workspace', async () => {
    const stranger = new Browser(server.url);
    const { secret: invitation } = await owner.get<{ secret: string }>(
      'POST',
      '/workspaces/home/invitations',
      {
        role: 'viewer',
      },
    );
    const account = { name: `Otto ${secret.sha256.slice(0, 8)}`, password: 'correct horse battery staple' };
    await stranger.get('POST', '/invitations/accept', { secret: invitation, account });
    await guest('editor', stranger);
    expect(await get(stranger, project, secret)).toBe(200); // a member sees all of it
    const { principal } = await stranger.session();
    await owner.get('DELETE', `/workspaces/home/members/${principal?.id}`);
    expect(await get(stranger, project, secret)).toBe(404);
  });
});

test('an upload by a link is his own, and asks for all bytes of what the workspace has already', async () => {
  const browser = await guest('editor');
  const { sha256, bytes } = secret;
  const begin = {
    'tus-resumable': '1.0.0',
    'anneal-client': 'guest-001',
    'upload-length': '64',
    'upload-metadata': `sha256 ${Buffer.from(sha256).toString('base64')}`,
  };
  const ask = async (who: Browser, method: string, headers: Record<string, string>, body?: Buffer) => {
    const path = `${API_PREFIX}/uploads${method === 'POST' ? '' : `/${sha256}`}?project=${project}`;
    const sent = body === undefined ? {} : { body: new Uint8Array(body) };
    const response = await who.fetch(path, {
      method,
      headers: { 'tus-resumable': '1.0.0', ...headers },
      ...sent,
    });
    await response.arrayBuffer();
    return [response.status, response.headers.get('upload-offset')];
  };
  const who = { 'anneal-client': 'guest-001' };
  const chunk = { ...who, 'content-type': 'application/offset+octet-stream' };
  expect(await ask(browser, 'POST', begin)).toEqual([201, null]);
  expect(await ask(browser, 'HEAD', who)).toEqual([200, '0']);
  expect(await ask(owner, 'HEAD', who)).toEqual([200, '64']);
  expect(await ask(browser, 'PATCH', { ...chunk, 'upload-offset': '0' }, bytes.subarray(0, 40))).toEqual([
    204,
    '40',
  ]);
  expect(await get(browser, project, secret)).toBe(404);
  expect(await ask(browser, 'PATCH', { ...chunk, 'upload-offset': '40' }, bytes.subarray(40))).toEqual([
    204,
    '64',
  ]);
  expect(await get(browser, project, secret)).toBe(200);
  expect(await ask(browser, 'HEAD', who)).toEqual([200, '64']);
  const file = { kind: 'artifact', path: 'own.bin', sha256 };
  expect((await browser.call('POST', `/projects/${project}/files`, file)).status).toBe(201);
  const { pending } = await owner.get<{ pending: number }>('GET', '/workspaces/home/artifacts/use');
  expect(pending).toBe(0);
});

describe('what guests have named does not add up', () => {
  const claimsIn = ({ dataDir }: TestServer): string[] => {
    const database = new DatabaseSync(join(dataDir, 'anneal.db'), { readOnly: true, timeout: 5_000 });
    const rows = database.prepare('select sha256 from project_artifacts where lent = 0').all();
    database.close();
    return rows.map(({ sha256 }) => String(sha256));
  };

  test('what the list names no more is let go of, and claimed anew with what names it anew', async () => {
    const own = await testServer({ auth: 'on', limits: { logUpdates: 3 } });
    const host = await ownerOf(own);
    const at = await freshProject(host, 'home');
    const elsewhere = await freshProject(host, 'home');
    expect(await put(host, elsewhere, secret)).toBe(201);
    const browser = await guest('editor', new Browser(own.url), { host, at });
    const editor = await inList(browser, at);
    const kept = '1'.repeat(64);
    enter(editor.doc, 'kept.bin', kept);
    enter(editor.doc, 'stolen.bin', secret.sha256);
    await editor.untilStored();
    expect(claimsIn(own).sort()).toEqual([kept, secret.sha256].sort());
    editor.doc.getMap('files').delete('stolen.bin');
    const collect = { dryRun: false, graceHours: 1 };
    // The log is folded while the work goes on: then no byte of the list names it.
    await vi.waitUntil(
      async () => {
        enter(editor.doc, 'kept.bin', kept);
        await editor.untilStored();
        await host.get('POST', '/workspaces/home/artifacts/collect', collect);
        return claimsIn(own).length === 1;
      },
      { timeout: 30_000, interval: 1 },
    );
    expect(claimsIn(own)).toEqual([kept]);
    enter(editor.doc, 'again.bin', secret.sha256);
    await editor.untilStored();
    expect(claimsIn(own).sort()).toEqual([kept, secret.sha256].sort());
    expect(await get(browser, at, secret)).toBe(404);
    await editor.leave();
  });

  test('no link makes any number of them, and others go on', async () => {
    const most = 25;
    const own = await testServer({ auth: 'on', limits: { linkClaims: most } });
    const host = await ownerOf(own);
    const at = await freshProject(host, 'home');
    const browser = await guest('editor', new Browser(own.url), { host, at });
    const other = await guest('editor', new Browser(own.url), { host, at });
    const doc = new Y.Doc();
    let named = 0;
    let end: number | null = null;
    /** All that the guest has was taken: null; else with which code he was sent away. */
    const taken = async (editor: Editor): Promise<number | null> => {
      const stored = editor.untilStored().then(() => null);
      return stored.catch(async () => (await editor.closed).code);
    };
    while (end === null && named < 4 * most) {
      const first = named;
      named += 10;
      doc.transact(() => {
        for (let i = first; i < named; i++) enter(doc, `${i}.bin`, `${i}`.padStart(64, '0'));
      });
      // What was not taken is sent again, until it is known that it is too much.
      do {
        const editor = await inList(browser, at, doc);
        end = await taken(editor);
        await editor.leave();
      } while (end === CloseCode.resync);
    }
    expect(end).toBe(CloseCode.tooLarge);
    expect(claimsIn(own)).toHaveLength(20);
    const { files } = await host.get<{ files: unknown[] }>('GET', `/projects/${at}/files`);
    expect(files).toHaveLength(20 + 1); // and the config that it began with
    const honest = await inList(other, at);
    enter(honest.doc, 'mine.bin', 'f'.repeat(64));
    await honest.untilStored();
    expect(claimsIn(own)).toHaveLength(21);
    await honest.leave();
  });
});
