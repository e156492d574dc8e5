import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Operation } from '../../src/protocol/http/operation.ts';
import { type OperationId, operations } from '../../src/protocol/http/operations.ts';
import { CloseCode, syncPath, TICKET_SUBPROTOCOL_PREFIX } from '../../src/protocol/sync.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { calls, FILE, freshProject, type Sample, send } from '../testing/calls.ts';
import { Editor } from '../testing/editor.ts';
import { sharedServer, type TestServer } from '../testing/fixture.ts';
import { Browser, memberOf, ownerOf } from '../testing/people.ts';

// Two workspaces of one server. Bob owns one and tries to reach into the other with every id that it has: in
// every place of every operation's address, in bodies, by sockets.

const OURS = 'home';
let HIS: string;
let server: TestServer;
let olive: Browser;
let bob: Browser;
/** A project of ours that everything is compared by at the end. */
let project: string;
let before: unknown;

beforeAll(async () => {
  server = await sharedServer({ auth: 'on' });
  olive = await ownerOf(server);
  bob = await memberOf(olive, 'Bob', 'viewer');
  const { principal } = await bob.session();
  await olive.get('DELETE', `/workspaces/${OURS}/members/${principal?.id}`);
  HIS = (await bob.get<{ id: string }>('POST', '/workspaces', { name: 'Elsewhere' })).id;
  project = await freshProject(olive, OURS);
  await olive.get('POST', `/workspaces/${OURS}/keys`, { name: 'ours', scopes: ['read'] });
  await olive.get('POST', `/workspaces/${OURS}/shares`, { role: 'viewer' });
  await olive.get('POST', `/workspaces/${OURS}/invitations`, { role: 'viewer' });
  before = await everything();
});

afterAll(() => server.close());

/** Whatever Olive sees of her workspace. */
async function everything(): Promise<unknown> {
  const all: Record<string, unknown> = {};
  for (const what of ['', '/members', '/invitations', '/keys', '/shares', '/artifacts/use']) {
    all[what] = await olive.get('GET', `/workspaces/${OURS}${what}`);
  }
  const file = `/projects/${project}/files/${encodeURIComponent(FILE)}`;
  for (const what of [`/projects/${project}`, `/projects/${project}/files`, file, `${file}/review`]) {
    all[what] = await olive.get('GET', what);
  }
  return all;
}

const isOurs = (operation: Operation): boolean =>
  operation.action !== 'public' && operation.action !== 'self';
const all = (Object.entries(operations) as [OperationId, Operation][]).filter(([, one]) => isOurs(one));

/** What is ours by chance of its name alone: both have a file of this path, and anybody may call a run so. */
const sameForAll = new Set(['project', 'workspace', 'path', 'holder']);
const withIds = all.filter(([, { params }]) =>
  Object.keys(params.shape).some((name) => !sameForAll.has(name)),
);

async function ourSample(id: OperationId): Promise<Sample> {
  const ours = await freshProject(olive, OURS);
  return calls[id]({ owner: olive, caller: olive, workspace: OURS, project: ours });
}

test.each(all)('%s with all ids of another workspace', async (id) => {
  const response = await send(bob, id, await ourSample(id));
  expect(response.status).toBe(404);
});

test.each(withIds)('%s in his own workspace, with the ids of things in another', async (id) => {
  const sample = await ourSample(id);
  const his = await freshProject(bob, HIS);
  const params = { ...sample.params };
  if ('project' in params) params.project = his;
  if ('workspace' in params) params.workspace = HIS;
  const query = sample.query === undefined ? {} : { query: { workspace: HIS } };
  const response = await send(bob, id, { ...sample, params, ...query });
  if (id === 'putArtifact') {
    // He brings the bytes himself, so they are his too; that others have them is not to be seen.
    expect(response.status).toBe(201);
  } else {
    expect([id, response.status]).toEqual([id, 404]);
    await response.arrayBuffer();
  }
});

test('a hash that another workspace has is of no use, whoever names it and where', async () => {
  const { params } = await calls.getArtifact({ owner: olive, caller: olive, workspace: OURS, project });
  const sha256 = params?.sha256 ?? '';
  const his = await freshProject(bob, HIS);
  const file = { kind: 'artifact', path: 'stolen.bin', sha256 };
  expect((await bob.call('POST', `/projects/${his}/files`, file)).status).toBe(404);
  await bob.call('PUT', `/projects/${his}/holds/run-1`, { artifacts: [sha256] });
  const get = (query: string) => bob.fetch(`${API_PREFIX}/artifacts/${sha256}${query}`);
  for (const query of [
    '',
    `?workspace=${HIS}`,
    `?workspace=${OURS}`,
    `?project=${his}`,
    `?project=${project}`,
  ]) {
    expect([query, (await get(query)).status]).toEqual([query, 404]);
  }
  // Naming it in the list of files, as any editor may, lends it to nobody either.
  const { ticket } = await bob.get<{ ticket: string }>('POST', '/tickets', {
    project: his,
    path: '.project',
  });
  const editor = new Editor(server.url, syncPath(his, '.project'), {
    protocols: [`${TICKET_SUBPROTOCOL_PREFIX}${ticket}`],
  });
  await editor.untilSynced();
  const entry = { kind: 'artifact', sha256, bytes: 64, created: 1 };
  editor.doc.getMap('files').set('named.bin', entry);
  await editor.untilStored();
  await editor.leave();
  expect((await get(`?project=${his}`)).status).toBe(404);
});

test('what is listed is his own', async () => {
  const members = await bob.get('GET', `/workspaces/${HIS}/members`);
  expect(members).toMatchObject({ members: [{ name: 'Bob', role: 'owner' }] });
  for (const what of ['keys', 'shares', 'invitations']) {
    const listed = JSON.stringify(await bob.get('GET', `/workspaces/${HIS}/${what}`));
    expect(listed).toBe(`{"${what}":[]}`);
  }
  const { workspaces } = await bob.get<{ workspaces: { id: string }[] }>('GET', '/workspaces');
  expect(workspaces.map(({ id }) => id)).toEqual([HIS]);
  for (const query of ['', `?workspace=${OURS}`, '?deleted=true']) {
    const { projects } = await bob.get<{ projects: { workspace: string }[] }>('GET', `/projects${query}`);
    expect(projects.filter(({ workspace }) => workspace !== HIS)).toEqual([]);
  }
});

test('an id that another workspace has is not said to be taken', async () => {
  const made = await bob.get<{ id: string; workspace: string }>('POST', '/projects', {
    name: 'Mine',
    id: project,
  });
  expect(made.workspace).toBe(HIS);
  expect(made.id).toMatch(new RegExp(`^${project.slice(0, 56)}-[0-9a-f]{6}$`));
});

test('an id is like any other whether somebody has it or not', async () => {
  const ids = [];
  for (const id of [project, 'nobody-has-this']) {
    const made = await bob.get<{ id: string }>('POST', '/projects', { name: 'Mine', id: `${id}-x` });
    ids.push(made.id.slice(`${id}-x`.length));
    const again = await bob.call('POST', '/projects', { name: 'Mine', id: `${id}-x` });
    expect([again.status, again.value]).toMatchObject([409, { code: 'ANN-PRO-007' }]);
  }
  expect(ids[0]).toMatch(/^-[0-9a-f]{6}$/);
  expect(ids[1]).toBe(ids[0]);
  for (const name of ['Home', 'A name that nobody has']) {
    const { id } = await bob.get<{ id: string }>('POST', '/workspaces', { name });
    expect(id).toMatch(/-[0-9a-f]{6}$/);
  }
});

test('a link into another workspace cannot be made, nor a key for it', async () => {
  const link = await bob.call('POST', `/workspaces/${HIS}/shares`, { role: 'viewer', project });
  expect([link.status, link.value]).toMatchObject([404, { code: 'ANN-PRO-005' }]);
  const { secret } = await bob.get<{ secret: string }>('POST', `/workspaces/${HIS}/keys`, {
    name: 'all',
    scopes: ['read', 'comment', 'write', 'artifacts', 'manage'],
  });
  const headers = { authorization: `Bearer ${secret}` };
  for (const path of [`/projects/${project}`, `/workspaces/${OURS}`, `/projects/${project}/files`]) {
    expect((await fetch(`${server.url}${API_PREFIX}${path}`, { headers })).status).toBe(404);
  }
});

test('somebody who is in both acts through a key in the one that it is for', async () => {
  const carol = await memberOf(olive, 'Carol', 'editor');
  const { secret: invitation } = await bob.get<{ secret: string }>('POST', `/workspaces/${HIS}/invitations`, {
    role: 'editor',
  });
  await carol.get('POST', '/invitations/accept', { secret: invitation, account: null });
  const { secret } = await carol.get<{ secret: string }>('POST', `/workspaces/${HIS}/keys`, {
    name: 'there',
    scopes: ['read'],
  });
  const headers = { authorization: `Bearer ${secret}` };
  const get = async (path: string): Promise<Response> =>
    fetch(`${server.url}${API_PREFIX}${path}`, { headers });
  expect((await get(`/workspaces/${HIS}`)).status).toBe(200);
  expect((await get(`/workspaces/${OURS}`)).status).toBe(404);
  const { workspaces } = (await (await get('/workspaces')).json()) as { workspaces: { id: string }[] };
  expect(workspaces.map(({ id }) => id)).toEqual([HIS]);
  const { principal } = await carol.session();
  await olive.get('DELETE', `/workspaces/${OURS}/members/${principal?.id}`);
});

test('a ticket opens no other room than its own', async () => {
  const his = await freshProject(bob, HIS);
  const { ticket } = await bob.get<{ ticket: string }>('POST', '/tickets', { project: his, path: FILE });
  const editor = new Editor(server.url, syncPath(project, FILE), {
    protocols: [`${TICKET_SUBPROTOCOL_PREFIX}${ticket}`],
  });
  expect((await editor.closed).code).toBe(CloseCode.unauthorized);
});

test('secrets that were guessed open nothing', async () => {
  const stranger = new Browser(server.url);
  for (let i = 0; i < 10; i++) {
    const secret = randomBytes(32).toString('base64url');
    expect((await stranger.call('POST', '/invitations/look', { secret })).status).toBe(404);
    expect((await stranger.call('POST', '/shares/open', { secret })).status).toBe(404);
  }
  expect((await stranger.session()).principal).toBeNull();
});

test('after all of that our workspace is as it was', async () => {
  const now = (await everything()) as Record<string, Record<string, unknown>>;
  const then = before as Record<string, Record<string, unknown>>;
  // What the owner prepared for the attempts is hers; everything that was there is still there, unchanged.
  for (const [what, value] of Object.entries(then)) {
    for (const [name, was] of Object.entries(value)) {
      const is = now[what]?.[name];
      if (Array.isArray(was)) expect(is).toEqual(expect.arrayContaining(was));
      else if (what !== '/artifacts/use') expect([what, name, is]).toEqual([what, name, was]);
    }
  }
});
