import { expect, test } from 'vitest';
import {
  CloseCode,
  KEY_SUBPROTOCOL_PREFIX,
  MessageType,
  syncPath,
  TICKET_SUBPROTOCOL_PREFIX,
} from '../../src/protocol/sync.ts';
import { Editor, type EditorOptions } from '../testing/editor.ts';
import { testServer } from '../testing/fixture.ts';
import { Browser, memberOf, ownerOf } from '../testing/people.ts';

const FILE = 'anneal.yaml';
const room = syncPath('sample', FILE);

async function ticketFor(browser: Browser, path = FILE): Promise<string> {
  const { ticket } = await browser.get<{ ticket: string }>('POST', '/tickets', { project: 'sample', path });
  return `${TICKET_SUBPROTOCOL_PREFIX}${ticket}`;
}

async function enter(browser: Browser, options: EditorOptions = {}): Promise<Editor> {
  const editor = new Editor(browser.url, room, { ...options, protocols: [await ticketFor(browser)] });
  await editor.untilSynced();
  return editor;
}

const idOf = async (browser: Browser): Promise<string> => (await browser.session()).principal?.id ?? '';

test('a ticket opens one socket in one document, once', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const ticket = await ticketFor(owner);
  const first = new Editor(server.url, room, { protocols: [ticket] });
  await first.untilSynced();
  expect(first.socket.protocol).toBe('anneal.ack.1'); // the secret is not sent back
  const second = new Editor(server.url, room, { protocols: [ticket] });
  expect((await second.closed).code).toBe(CloseCode.unauthorized);
  const elsewhere = new Editor(server.url, syncPath('sample', '.project'), {
    protocols: [await ticketFor(owner)],
  });
  expect((await elsewhere.closed).code).toBe(CloseCode.unauthorized);
  await first.leave();
});

test('nobody stands in a document as somebody else; two guests of one link are two people', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/shares', {
    name: 'Guest',
    role: 'viewer',
    project: null,
    lastingMs: null,
  });
  const guests = [new Browser(server.url), new Browser(server.url)];
  for (const guest of guests) await guest.get('POST', '/shares/open', { secret });
  const reader = await enter(owner);
  const present = await Promise.all(guests.map((guest) => enter(guest)));
  for (const one of present)
    one.awareness.setLocalState({ person: await idOf(owner), user: { name: 'Olive', color: '#112233' } });
  const stateOf = (one: Editor) => reader.awareness.getStates().get(one.doc.clientID);
  await reader.until(() => present.every((one) => stateOf(one) !== undefined));
  const ids = await Promise.all(guests.map(idOf));
  expect(present.map((one) => stateOf(one)?.person)).toEqual(ids);
  expect(present.map((one) => stateOf(one)?.user.name)).toEqual(['Guest', 'Guest']);
  expect(new Set([...ids, await idOf(owner)]).size).toBe(3);
  for (const one of [reader, ...present]) await one.leave();
});

test('a ticket is worth nothing after a minute', async () => {
  let ms = Date.now();
  const server = await testServer({ auth: 'on', now: () => ms });
  const owner = await ownerOf(server);
  const late = await ticketFor(owner);
  ms += 60_000;
  const editor = new Editor(server.url, room, { protocols: [late] });
  expect((await editor.closed).code).toBe(CloseCode.unauthorized);
  const early = await ticketFor(owner);
  ms += 59_999;
  const inTime = new Editor(server.url, room, { protocols: [early] });
  await inTime.untilSynced();
  await inTime.leave();
});

test('stock clients come with a key: in the address, a header or a subprotocol', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const { secret } = await owner.get<{ secret: string }>('POST', '/workspaces/home/keys', {
    name: 'bot',
    scopes: ['read', 'write'],
  });
  const ways: [string, EditorOptions][] = [
    [`${room}?key=${secret}`, {}],
    [room, { headers: { authorization: `Bearer ${secret}` } }],
    [room, { protocols: [`${KEY_SUBPROTOCOL_PREFIX}${secret}`] }],
  ];
  for (const [address, options] of ways) {
    const editor = new Editor(server.url, address, { ...options, ask: false });
    await editor.untilSynced();
    expect(editor.messages).not.toContain(100);
    await editor.leave();
  }
  const wrong = new Editor(server.url, `${room}?key=${secret}x`);
  expect((await wrong.closed).code).toBe(CloseCode.unauthorized);
});

test('a role that changes is followed at once, in the middle of a document', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const ed = await memberOf(owner, 'Ed', 'viewer');
  const id = await idOf(ed);
  const change = (role: string) => owner.get('PATCH', `/workspaces/home/members/${id}`, { role });
  const editor = await enter(ed);
  await editor.until(() => editor.role === 'viewer');
  await change('editor');
  await editor.until(() => editor.role === 'editor');
  editor.text.insert(0, '# mine\n');
  await editor.untilStored();
  await change('commenter');
  await editor.until(() => editor.role === 'commenter');
  const others = await enter(owner);
  others.text.insert(0, '# ours\n');
  await editor.until(() => editor.text.toString().startsWith('# ours\n# mine\n')); // he reads on
  editor.text.insert(0, '# not allowed\n');
  expect((await editor.closed).code).toBe(CloseCode.forbidden);
  const { text } = await owner.get<{ text: string }>('GET', `/projects/sample/files/${FILE}`);
  expect(text).toContain('# ours\n# mine\n');
  expect(text).not.toContain('not allowed');
  await others.leave();
});

test('a reader whose bytes are no update is told that, and who sends an edit that his role forbids is told this', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const vera = await memberOf(owner, 'Vera', 'viewer');
  const odd: [readonly number[], number][] = [
    [Array.from({ length: 10 }, () => 255), CloseCode.refusedUpdate],
    [[1, 0x80, 0x8d, 0x9f, 0x0e, 1, 0, 0], CloseCode.refusedUpdate],
  ];
  for (const [bytes, code] of odd) {
    const editor = await enter(vera);
    editor.sendRaw(MessageType.sync, 2, Uint8Array.from(bytes));
    expect((await editor.closed).code).toBe(code);
  }
  const editor = await enter(vera);
  editor.text.insert(0, 'mine');
  expect((await editor.closed).code).toBe(CloseCode.forbidden);
});

test('whoever is removed is out at once', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const ed = await memberOf(owner, 'Ed', 'editor');
  const editor = await enter(ed);
  await owner.get('DELETE', `/workspaces/home/members/${await idOf(ed)}`);
  expect((await editor.closed).code).toBe(CloseCode.projectNotFound);
  const again = await ed.call('POST', '/tickets', { project: 'sample', path: FILE });
  expect(again.status).toBe(404);
});

test('a key, a link or a session that ends takes its sockets along, and no others', async () => {
  const server = await testServer({ auth: 'on' });
  const owner = await ownerOf(server);
  const stays = await enter(owner);
  const ed = await memberOf(owner, 'Ed', 'editor');

  const { key, secret } = await ed.get<{ key: { id: string }; secret: string }>(
    'POST',
    '/workspaces/home/keys',
    { name: 'bot', scopes: ['read'] },
  );
  const byKey = new Editor(server.url, room, { protocols: [`${KEY_SUBPROTOCOL_PREFIX}${secret}`] });
  await byKey.untilSynced();
  await owner.get('DELETE', `/workspaces/home/keys/${key.id}`);
  expect((await byKey.closed).code).toBe(CloseCode.projectNotFound);

  const { share, secret: link } = await owner.get<{ share: { id: string }; secret: string }>(
    'POST',
    '/workspaces/home/shares',
    { role: 'viewer', project: 'sample' },
  );
  await ed.get('DELETE', '/session');
  const guest = ed; // nobody any more, with a link
  await guest.get('POST', '/shares/open', { secret: link });
  const byLink = await enter(guest);
  await owner.get('DELETE', `/workspaces/home/shares/${share.id}`);
  expect((await byLink.closed).code).toBe(CloseCode.projectNotFound);

  const mia = await memberOf(owner, 'Mia', 'editor');
  const bySession = await enter(mia);
  await mia.get('DELETE', '/session');
  expect((await bySession.closed).code).toBe(CloseCode.projectNotFound);

  stays.text.insert(0, '# still here\n');
  await stays.untilStored();
  await stays.leave();
});
