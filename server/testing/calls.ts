import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { Session } from '../../src/protocol/http/access.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import { type OperationId, operations } from '../../src/protocol/http/operations.ts';
import type { OwnSession } from '../../src/protocol/http/sessions.ts';
import { API_PREFIX } from '../../src/protocol/version.ts';
import { Browser, memberOf, PASSWORD } from './people.ts';

/** Where an operation is tried: the owner prepares what it needs, the caller tries it. */
export interface Place {
  readonly owner: Browser;
  readonly caller: Browser;
  readonly workspace: string;
  /** A project of the workspace, made for this one call. */
  readonly project: string;
  /** Whose artifacts: left out, those of the workspace. */
  readonly through?: { readonly project: string };
}

const whose = ({ workspace, through }: Place): Record<string, string> => through ?? { workspace };
const inQuery = (place: Place): string => new URLSearchParams(whose(place)).toString();

/** What an operation is called with. */
export interface Sample {
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly bytes?: Buffer;
  readonly headers?: Readonly<Record<string, string>>;
}

export const FILE = 'anneal.yaml';
const TEXT = 'project: cell\n';
const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const atTheEnd = { start: { tname: 'content' }, end: { tname: 'content' }, oldText: '' };
const tus = { 'tus-resumable': '1.0.0', 'anneal-client': 'caller-1' };

/** The caller's own where he may make one, else the owner's: then he may not do the rest either. */
async function byCaller<T>({ owner, caller }: Place, path: string, body: unknown): Promise<T> {
  const { status, value } = await caller.call<T>('POST', path, body);
  return status < 300 ? value : owner.get<T>('POST', path, body);
}

async function artifact(place: Place): Promise<string> {
  const bytes = randomBytes(64);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const body = new Uint8Array(bytes);
  await place.owner.fetch(`${API_PREFIX}/artifacts/${sha256}?${inQuery(place)}`, { method: 'PUT', body });
  return sha256;
}

function announcement(sha256: string): Record<string, string> {
  const metadata = `sha256 ${Buffer.from(sha256).toString('base64')}`;
  return { ...tus, 'upload-length': '100', 'upload-metadata': metadata };
}

async function upload(place: Place): Promise<string> {
  const sha256 = randomBytes(32).toString('hex');
  const init = { method: 'POST', headers: announcement(sha256) };
  await place.owner.fetch(`${API_PREFIX}/uploads?${inQuery(place)}`, init);
  return sha256;
}

const file = ({ project }: Place) => ({ project, path: FILE });
const about = ({ project }: Place, what: string): string =>
  `/projects/${project}/files/${encodeURIComponent(FILE)}/${what}`;

async function thread(place: Place): Promise<string> {
  const body = { anchor: null, text: 'Why so many?' };
  return (await place.owner.get<{ id: string }>('POST', about(place, 'threads'), body)).id;
}

const change = { title: 'More', note: '', edits: [{ ...atTheEnd, newText: '# more\n' }] };

async function version(place: Place): Promise<string> {
  const body = { kind: 'named', name: 'before' };
  return (await place.owner.get<{ id: string }>('POST', about(place, 'versions'), body)).id;
}

async function anotherMember({ owner, workspace }: Place): Promise<string> {
  const browser = await memberOf(owner, randomUUID(), 'viewer', workspace);
  return (await browser.session()).principal?.id ?? '';
}

const invite = ({ owner, workspace }: Place) =>
  owner.get<{ invitation: { id: string }; secret: string }>('POST', `/workspaces/${workspace}/invitations`, {
    role: 'viewer',
  });

const share = ({ owner, workspace }: Place) =>
  owner.get<{ share: { id: string }; secret: string }>('POST', `/workspaces/${workspace}/shares`, {
    role: 'viewer',
  });

/** One way in which each operation succeeds. The list is whole: the type checker sees to it. */
export const calls: Readonly<Record<OperationId, (place: Place) => Sample | Promise<Sample>>> = {
  health: () => ({}),
  version: () => ({}),
  openapi: () => ({}),

  getSession: () => ({}),
  signIn: async ({ owner }) => ({
    body: { name: ((await owner.session()) as Session).principal?.name, password: PASSWORD },
  }),
  signOut: () => ({}),
  changePassword: () => ({ body: { current: PASSWORD, password: PASSWORD } }),
  lookAtInvitation: async (place) => ({ body: { secret: (await invite(place)).secret } }),
  acceptInvitation: async (place) => ({
    body: { secret: (await invite(place)).secret, account: { name: randomUUID(), password: PASSWORD } },
  }),
  openShare: async (place) => ({ body: { secret: (await share(place)).secret } }),
  createTicket: ({ project }) => ({ body: { project, path: FILE } }),
  listSessions: () => ({}),
  endSession: async ({ owner }) => {
    const { principal } = await owner.session();
    const other = new Browser(owner.url); // whose session it was goes on with the rest
    await other.get('POST', '/session', { name: principal?.name, password: PASSWORD });
    const { sessions } = await owner.get<{ sessions: OwnSession[] }>('GET', '/sessions');
    return { params: { session: sessions.find(({ current }) => !current)?.id ?? '' } };
  },
  endOtherSessions: () => ({}),

  listWorkspaces: () => ({}),
  createWorkspace: () => ({ body: { name: 'Another' } }),
  getWorkspace: ({ workspace }) => ({ params: { workspace } }),
  renameWorkspace: ({ workspace }) => ({ params: { workspace }, body: { name: 'Renamed' } }),
  listMembers: ({ workspace }) => ({ params: { workspace } }),
  changeMember: async (place) => ({
    params: { workspace: place.workspace, user: await anotherMember(place) },
    body: { role: 'commenter' },
  }),
  removeMember: async (place) => ({
    params: { workspace: place.workspace, user: await anotherMember(place) },
  }),
  listInvitations: ({ workspace }) => ({ params: { workspace } }),
  createInvitation: ({ workspace }) => ({ params: { workspace }, body: { role: 'viewer' } }),
  revokeInvitation: async (place) => ({
    params: { workspace: place.workspace, invitation: (await invite(place)).invitation.id },
  }),
  listKeys: ({ workspace }) => ({ params: { workspace } }),
  createKey: ({ workspace }) => ({ params: { workspace }, body: { name: 'ci', scopes: ['manage'] } }),
  revokeKey: async (place) => {
    const { workspace } = place;
    const wish = { name: 'old', scopes: ['manage'] };
    const { key } = await byCaller<{ key: { id: string } }>(place, `/workspaces/${workspace}/keys`, wish);
    return { params: { workspace, key: key.id } };
  },
  listShares: ({ workspace }) => ({ params: { workspace } }),
  createShare: ({ workspace, project }) => ({ params: { workspace }, body: { role: 'viewer', project } }),
  revokeShare: async (place) => ({
    params: { workspace: place.workspace, share: (await share(place)).share.id },
  }),

  createProject: ({ workspace }) => ({ query: { workspace }, body: { name: 'Übung macht den Meister' } }),
  listProjects: () => ({}),
  getProject: ({ project }) => ({ params: { project } }),
  renameProject: ({ project }) => ({ params: { project }, body: { name: 'Other' } }),
  deleteProject: ({ project }) => ({ params: { project } }),
  restoreProject: async ({ owner, project }) => {
    await owner.get('DELETE', `/projects/${project}`);
    return { params: { project } };
  },

  createFile: ({ project }) => ({ params: { project }, body: { kind: 'text', path: 'a/b c.md', text: 'x' } }),
  listFiles: ({ project }) => ({ params: { project } }),
  readFile: (place) => ({ params: file(place) }),
  renameFile: (place) => ({ params: file(place), body: { path: 'b c.md' } }),
  deleteFile: (place) => ({ params: file(place) }),
  restoreFile: async (place) => {
    await place.owner.get('DELETE', about(place, '').slice(0, -1));
    return { params: file(place) };
  },

  putArtifact: (place) => {
    const bytes = randomBytes(64);
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    return { params: { sha256 }, query: whose(place), bytes };
  },
  headArtifact: async (place) => ({
    params: { sha256: await artifact(place) },
    query: whose(place),
  }),
  getArtifact: async (place) => ({
    params: { sha256: await artifact(place) },
    query: whose(place),
  }),
  createUpload: (place) => ({
    query: whose(place),
    headers: announcement(randomBytes(32).toString('hex')),
  }),
  headUpload: async (place) => ({
    params: { sha256: await upload(place) },
    query: whose(place),
    headers: tus,
  }),
  patchUpload: async (place) => ({
    params: { sha256: await upload(place) },
    query: whose(place),
    headers: { ...tus, 'upload-offset': '0', 'content-type': 'application/offset+octet-stream' },
    bytes: Buffer.from('some bytes'),
  }),
  deleteUpload: async (place) => ({
    params: { sha256: await upload(place) },
    query: whose(place),
    headers: tus,
  }),
  holdArtifacts: async (place) => ({
    params: { project: place.project, holder: 'run-1' },
    body: { artifacts: [await artifact(place)] },
  }),
  artifactUse: ({ workspace }) => ({ params: { workspace } }),
  setArtifactQuota: ({ workspace }) => ({ params: { workspace }, body: { quota: null } }),
  collectArtifacts: ({ workspace }) => ({ params: { workspace }, body: {} }),

  getReview: (place) => ({ params: file(place) }),
  startThread: (place) => ({ params: file(place), body: { anchor: null, text: 'Why so many?' } }),
  replyToThread: async (place) => ({
    params: { ...file(place), thread: await thread(place) },
    body: { text: 'Because.' },
  }),
  resolveThread: async (place) => ({
    params: { ...file(place), thread: await thread(place) },
    body: { resolved: true },
  }),
  suggest: (place) => ({ params: file(place), body: change }),
  decideSuggestion: async (place) => {
    const made = await place.owner.get<{ id: string }>('POST', about(place, 'suggestions'), change);
    return { params: { ...file(place), suggestion: made.id }, body: { decision: 'rejected' } };
  },
  withdrawSuggestion: async (place) => {
    const made = await byCaller<{ id: string }>(place, about(place, 'suggestions'), change);
    return { params: { ...file(place), suggestion: made.id }, body: {} };
  },
  listVersions: (place) => ({ params: file(place) }),
  createVersion: (place) => ({ params: file(place), body: { kind: 'named', name: 'Good' } }),
  readVersion: async (place) => ({ params: { ...file(place), version: await version(place) } }),
  takeBack: (place) => ({ params: file(place), body: { text: 'project: p\n', replaces: hashOf(TEXT) } }),
  noteMerge: (place) => ({ params: file(place), body: { good: 'project: p\n', merged: hashOf(TEXT) } }),
  restoreVersion: async (place) => ({
    params: { ...file(place), version: await version(place) },
    body: {},
  }),
  listMentions: ({ project }) => ({ params: { project } }),
  readMentions: async (place) => ({
    params: { project: place.project },
    body: { thread: await thread(place) },
  }),
  readAudit: ({ workspace }) => ({ params: { workspace }, query: { limit: '5' } }),
};

/** The path of an operation below the prefix, with what a sample fills in. */
export function pathOf(operation: Operation, { params = {}, query }: Sample): string {
  const path = operation.path.replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(params[name] ?? ''),
  );
  return query === undefined ? path : `${path}?${new URLSearchParams(query)}`;
}

export function send(browser: Pick<Browser, 'fetch'>, id: OperationId, sample: Sample): Promise<Response> {
  const operation: Operation = operations[id];
  const { body, bytes, headers = {} } = sample;
  return browser.fetch(`${API_PREFIX}${pathOf(operation, sample)}`, {
    method: operation.method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(bytes === undefined ? {} : { body: new Uint8Array(bytes) }),
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Some project of a workspace, fresh. */
export async function freshProject(owner: Browser, workspace: string): Promise<string> {
  const project = { name: 'Cell', files: [{ path: FILE, text: TEXT }] };
  const made = await owner.get<{ id: string }>('POST', `/projects?workspace=${workspace}`, project);
  return made.id;
}
