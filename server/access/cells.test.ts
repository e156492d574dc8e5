import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorFacts } from '../../src/base/error.ts';
import {
  type Action,
  actions,
  can,
  covers,
  type Role,
  roles,
  type Scope,
  scopes,
} from '../../src/domain/access/roles.ts';
import type { Operation } from '../../src/protocol/http/operation.ts';
import { type OperationId, operations } from '../../src/protocol/http/operations.ts';
import {
  CloseCode,
  KEY_SUBPROTOCOL_PREFIX,
  syncPath,
  TICKET_SUBPROTOCOL_PREFIX,
} from '../../src/protocol/sync.ts';
import { calls, FILE, freshProject, type Sample, send } from '../testing/calls.ts';
import { Editor } from '../testing/editor.ts';
import { sharedServer, type TestServer } from '../testing/fixture.ts';
import { Browser, memberOf, ownerOf } from '../testing/people.ts';

// Every cell of docs/access.md, over real HTTP and real sockets: each operation, tried in each role, by each kind
// of key, through each kind of link, by somebody of another workspace and by nobody.

type Checked = readonly [OperationId, Action];
const checked: Checked[] = (Object.entries(operations) as [OperationId, Operation][]).flatMap(
  ([id, { action }]) => (action === 'public' || action === 'self' ? [] : [[id, action]]),
);
const inProject = checked.filter(([id]) => {
  const operation: Operation = operations[id];
  return operation.path.includes('{project}') || operation.target === 'body';
});

/** Those that a project can be named for in the query: a link for it leads to them that way. */
const throughProject = checked.filter(([id]) => 'project' in operations[id].query.shape);

const WORKSPACE = 'home';
let server: TestServer;
let owner: Browser;
let outsider: Browser;
/** The workspace of the outsider. */
let elsewhere: string;
const members = new Map<Role, Browser>();

beforeAll(async () => {
  server = await sharedServer({ auth: 'on' });
  owner = await ownerOf(server);
  for (const role of roles) members.set(role, await memberOf(owner, `the ${role}`, role));
  outsider = await memberOf(owner, 'Otto', 'viewer');
  const { principal } = await outsider.session();
  await owner.get('DELETE', `/workspaces/${WORKSPACE}/members/${principal?.id}`);
  elsewhere = (await outsider.get<{ id: string }>('POST', '/workspaces', { name: 'Elsewhere' })).id;
});

afterAll(() => server.close());

const memberIn = (role: Role): Browser => {
  const browser = members.get(role);
  if (browser === undefined) throw new Error(`nobody is ${role}`);
  return browser;
};

async function prepared(id: OperationId, caller: Browser): Promise<Sample> {
  const project = await freshProject(owner, WORKSPACE);
  return calls[id]({ owner, caller, workspace: WORKSPACE, project });
}

/** The status, and the error's code where it is one. */
async function outcome(
  response: Response,
): Promise<{ readonly status: number; readonly code: string | null }> {
  const text = await response.text();
  const code = response.status < 400 || text === '' ? null : (JSON.parse(text) as ErrorFacts).code;
  return { status: response.status, code };
}

/** A HEAD has no body to say why. */
function refusal(id: OperationId, status: number, code: string) {
  const operation: Operation = operations[id];
  return { status, code: operation.method === 'HEAD' ? null : code };
}

function expectAllowed(id: OperationId, { status, code }: { status: number; code: string | null }): void {
  const operation: Operation = operations[id];
  expect(code).toBeNull();
  expect(operation.success).toContain(status);
}

describe.each(roles)('as %s', (role) => {
  test.each(checked)('%s (%s)', async (id, action) => {
    const caller = memberIn(role);
    const answer = await outcome(await send(caller, id, await prepared(id, caller)));
    if (can(role, action)) expectAllowed(id, answer);
    else expect(answer).toEqual(refusal(id, 403, 'ANN-PRO-031'));
  });
});

describe('as somebody of another workspace', () => {
  test.each(checked)('%s (%s) finds nothing', async (id) => {
    const answer = await outcome(await send(outsider, id, await prepared(id, outsider)));
    const code = inProject.some(([other]) => other === id) ? 'ANN-PRO-005' : 'ANN-PRO-032';
    expect(answer).toEqual(refusal(id, 404, code));
  });
});

describe('as nobody', () => {
  test.each(checked)('%s (%s) asks to sign in', async (id) => {
    const nobody = new Browser(server.url);
    const answer = await outcome(await send(nobody, id, await prepared(id, nobody)));
    expect(answer).toEqual(refusal(id, 401, 'ANN-PRO-030'));
  });

  const own = (Object.entries(operations) as [OperationId, Operation][]).filter(
    ([, { action }]) => action === 'self',
  );
  test.each(own)('%s asks to sign in', async (id) => {
    const nobody = new Browser(server.url);
    const answer = await outcome(await send(nobody, id, await prepared(id, nobody)));
    expect(answer).toEqual(refusal(id, 401, 'ANN-PRO-030'));
  });

  const open = (Object.entries(operations) as [OperationId, Operation][]).filter(
    ([, { action }]) => action === 'public',
  );
  test.each(open)('%s is for anybody', async (id) => {
    const nobody = new Browser(server.url);
    expectAllowed(id, await outcome(await send(nobody, id, await prepared(id, nobody))));
  });
});

describe.each(Object.keys(scopes) as Scope[])("by an owner's key for %s", (scope) => {
  let key: Pick<Browser, 'fetch'>;
  beforeAll(async () => {
    key = await keyOf(owner, [scope]);
  });

  test.each(checked)('%s (%s)', async (id, action) => {
    const answer = await outcome(await send(key, id, await prepared(id, owner)));
    if (covers([scope], action)) expectAllowed(id, answer);
    else expect(answer).toEqual(refusal(id, 403, 'ANN-PRO-031'));
  });
});

test("a viewer's key with every scope does what a viewer may", async () => {
  const viewer = memberIn('viewer');
  const key = await keyOf(viewer, Object.keys(scopes) as Scope[]);
  for (const [id, action] of checked) {
    const answer = await outcome(await send(key, id, await prepared(id, viewer)));
    if (can('viewer', action)) expectAllowed(id, answer);
    else expect([id, answer]).toEqual([id, refusal(id, 403, 'ANN-PRO-031')]);
  }
});

describe.each(['editor', 'commenter', 'viewer'] as const)('through a link as %s', (role) => {
  test.each(inProject)('%s (%s)', async (id, action) => {
    const project = await freshProject(owner, WORKSPACE);
    const guest = await guestOf(project, role);
    const sample = await calls[id]({ owner, caller: guest, workspace: WORKSPACE, project });
    const answer = await outcome(await send(guest, id, sample));
    if (can(role, action)) expectAllowed(id, answer);
    else expect(answer).toEqual(refusal(id, 403, 'ANN-PRO-031'));
  });

  test.each(checked.filter((one) => !inProject.includes(one)))('%s (%s) finds nothing', async (id) => {
    const guest = await guestOf(await freshProject(owner, WORKSPACE), role);
    const answer = await outcome(await send(guest, id, await prepared(id, guest)));
    expect(answer).toEqual(refusal(id, 404, 'ANN-PRO-032'));
  });

  test.each(throughProject)('%s (%s) of the project', async (id, action) => {
    const project = await freshProject(owner, WORKSPACE);
    const guest = await guestOf(project, role);
    // He begins himself what he may; for the rest the owner does it.
    const by = can(role, action) && action === 'artifact.write' ? guest : owner;
    const sample = await calls[id]({
      owner: by,
      caller: guest,
      workspace: WORKSPACE,
      project,
      through: { project },
    });
    const answer = await outcome(await send(guest, id, sample));
    if (can(role, action)) expectAllowed(id, answer);
    else expect(answer).toEqual(refusal(id, 403, 'ANN-PRO-031'));
  });

  test.each(throughProject)(
    '%s (%s) finds nothing else of the workspace by naming the project',
    async (id, action) => {
      const project = await freshProject(owner, WORKSPACE);
      const guest = await guestOf(project, role);
      const { query: _, ...sample } = await calls[id]({
        owner,
        caller: guest,
        workspace: WORKSPACE,
        project,
      });
      const answer = await outcome(await send(guest, id, { ...sample, query: { project } }));
      const operation: Operation = operations[id];
      if (!can(role, action)) expect(answer).toEqual(refusal(id, 403, 'ANN-PRO-031'));
      else if (operation.path.includes('{sha256}') && operation.method !== 'PUT') {
        const code = action === 'artifact.read' ? 'ANN-PRO-012' : 'ANN-PRO-047';
        expect(answer).toEqual(refusal(id, 404, code));
      } else expectAllowed(id, answer); // he brings what he sends
    },
  );

  test('a socket', async () => {
    const project = await freshProject(owner, WORKSPACE);
    await tryOnSocket(await guestOf(project, role), project, role);
  });
});

describe('on a sync socket', () => {
  test.each(roles)('as %s', async (role) => {
    await tryOnSocket(memberIn(role), await freshProject(owner, WORKSPACE), role);
  });

  test('somebody of another workspace, with a key of his own', async () => {
    const project = await freshProject(owner, WORKSPACE);
    const { secret } = await outsider.get<{ secret: string }>('POST', `/workspaces/${elsewhere}/keys`, {
      name: 'own',
      scopes: ['read', 'write'],
    });
    const protocols = [`${KEY_SUBPROTOCOL_PREFIX}${secret}`];
    const editor = new Editor(server.url, syncPath(project, FILE), { protocols });
    expect((await editor.closed).code).toBe(CloseCode.projectNotFound);
    expect(editor.messages).toEqual([]);
  });

  test('nobody, and a browser that is signed in but has no ticket', async () => {
    const project = await freshProject(owner, WORKSPACE);
    for (const headers of [{}, { cookie: owner.cookie, origin: new URL(server.url).origin }]) {
      const editor = new Editor(server.url, syncPath(project, FILE), { headers });
      expect((await editor.closed).code).toBe(CloseCode.unauthorized);
      expect(editor.messages).toEqual([]);
    }
  });

  test.each<[Scope[], Role | null]>([
    [['read'], 'viewer'],
    [['read', 'comment'], 'commenter'],
    [['read', 'artifacts'], 'viewer'],
    [['read', 'write'], 'editor'],
    [['read', 'manage'], 'viewer'],
    [['read', 'write', 'manage'], 'owner'],
    [['write'], null],
    [['comment'], null],
    [['artifacts'], null],
    [['manage'], null],
  ])("an owner's key for %j: %s", async (wished, role) => {
    const project = await freshProject(owner, WORKSPACE);
    const { secret } = await makeKey(owner, wished);
    const protocols = [`${KEY_SUBPROTOCOL_PREFIX}${secret}`];
    const editor = new Editor(server.url, syncPath(project, FILE), { protocols });
    if (role === null) expect((await editor.closed).code).toBe(CloseCode.projectNotFound);
    else await tryToEdit(editor, project, role);
  });
});

test('every action is asked for by some operation or socket', () => {
  const asked = new Set<Action>([...checked.map(([, action]) => action), 'document.edit']);
  expect((Object.keys(actions) as Action[]).filter((action) => !asked.has(action))).toEqual([]);
});

function makeKey(browser: Browser, wished: readonly Scope[]): Promise<{ readonly secret: string }> {
  return browser.get('POST', `/workspaces/${WORKSPACE}/keys`, { name: 'cell', scopes: wished });
}

/** Asks as a program does: with a key, and as no page. */
async function keyOf(browser: Browser, wished: readonly Scope[]): Promise<Pick<Browser, 'fetch'>> {
  const { secret } = await makeKey(browser, wished);
  return {
    fetch: (path, init = {}) => {
      const headers = new Headers(init.headers);
      headers.set('authorization', `Bearer ${secret}`);
      return fetch(new URL(path, server.url), { ...init, headers });
    },
  };
}

async function guestOf(project: string, role: Role): Promise<Browser> {
  const { secret } = await owner.get<{ secret: string }>('POST', `/workspaces/${WORKSPACE}/shares`, {
    role,
    project,
  });
  const guest = new Browser(server.url);
  await guest.get('POST', '/shares/open', { secret });
  return guest;
}

async function tryOnSocket(browser: Browser, project: string, role: Role): Promise<void> {
  const { ticket } = await browser.get<{ ticket: string }>('POST', '/tickets', { project, path: FILE });
  const protocols = [`${TICKET_SUBPROTOCOL_PREFIX}${ticket}`];
  await tryToEdit(new Editor(server.url, syncPath(project, FILE), { protocols }), project, role);
}

/** Everybody who is in reads; a change counts, or ends the connection and leaves no trace. */
async function tryToEdit(editor: Editor, project: string, role: Role): Promise<void> {
  const read = async (): Promise<string> =>
    (await owner.get<{ text: string }>('GET', `/projects/${project}/files/${encodeURIComponent(FILE)}`)).text;
  await editor.untilSynced();
  await editor.until(() => editor.role !== null);
  expect(editor.role).toBe(role);
  expect(editor.text.toString()).toBe('project: cell\n');
  editor.text.insert(0, 'mine ');
  if (can(role, 'document.edit')) {
    await editor.untilStored();
    expect(await read()).toBe('mine project: cell\n');
    await editor.leave();
  } else {
    expect((await editor.closed).code).toBe(CloseCode.forbidden);
    expect(await read()).toBe('project: cell\n');
    editor.awareness.destroy();
  }
}
