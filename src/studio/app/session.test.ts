import { expect, test, vi } from 'vitest';
import { protocolErrors } from '../../protocol/errors.ts';
import type { Session } from '../../protocol/http/access.ts';
import { createSessionMonitor, watchSignedOut } from './session.ts';

function memory(initial: Record<string, string> = {}): Storage {
  const values = new Map(Object.entries(initial));
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
  } as unknown as Storage;
}
const ada = { kind: 'user', id: 'u_1', name: 'Ada' } as const;
const session = (change: Partial<Session> = {}): Session => ({
  auth: 'on',
  principal: ada,
  workspaces: [{ id: 'home', name: 'Home', role: 'editor' }],
  guest: null,
  signIn: { oidc: null },
  ownerMissing: false,
  ...change,
});
const nobody = session({ principal: null, workspaces: [] });
/** A server that answers what a test puts in its place. */
function server(first: Session) {
  const answers = { session: first, reachable: true, tickets: 0 };
  const answer = async (): Promise<Session> => {
    if (!answers.reachable) throw protocolErrors.unreachable();
    return answers.session;
  };
  const ticket = async (): Promise<string> => `t${++answers.tickets}`;
  return { answers, access: { session: answer, signOut: async () => nobody, ticket } };
}

test('a session that ends by itself leaves the work where it is, and signing in again goes on', async () => {
  const { answers, access } = server(session());
  const monitor = createSessionMonitor(access, memory());
  await monitor.refresh();
  expect(monitor.state()).toEqual({ session: session(), asked: true, lost: null });
  answers.session = nobody;
  await monitor.refresh();
  expect(monitor.state()).toEqual({ session: session(), asked: true, lost: ada });
  await monitor.refresh(); // still so
  expect(monitor.state().lost).toEqual(ada);
  monitor.take(session());
  expect(monitor.state().lost).toBe(null);
});

test('signing out is no loss, and the next visit begins with nobody', async () => {
  const storage = memory();
  const { answers, access } = server(session());
  const monitor = createSessionMonitor(access, storage);
  await monitor.refresh();
  await monitor.signOut();
  expect(monitor.state()).toEqual({ session: nobody, asked: true, lost: null });
  answers.reachable = false;
  expect(createSessionMonitor(access, storage).state().session).toEqual(nobody);
});

test('without a network the last answer holds', async () => {
  const storage = memory();
  const first = server(session());
  await createSessionMonitor(first.access, storage).refresh();
  first.answers.reachable = false;
  const monitor = createSessionMonitor(first.access, storage);
  expect(monitor.state()).toEqual({ session: session(), asked: false, lost: null });
  await monitor.refresh();
  expect(monitor.state()).toEqual({ session: session(), asked: true, lost: null });
});

test('nonsense that was remembered is nothing remembered', () => {
  for (const junk of ['{', '[]', '{"auth":"maybe"}'])
    expect(
      createSessionMonitor(server(nobody).access, memory({ 'anneal.session': junk })).state().session,
    ).toBe(null);
});

test('an answer that was on its way while somebody signed in has no say any more', async () => {
  let answer: (session: Session) => void = () => undefined;
  const access = {
    ...server(nobody).access,
    session: () =>
      new Promise<Session>((resolve) => {
        answer = resolve;
      }),
  };
  const monitor = createSessionMonitor(access, memory());
  const asked = monitor.refresh();
  monitor.take(session());
  answer(nobody);
  await asked;
  expect(monitor.state()).toEqual({ session: session(), asked: true, lost: null });
});

test('sockets get a ticket each where people sign in, and need none where they do not', async () => {
  const on = server(session());
  const monitor = createSessionMonitor(on.access, memory());
  expect(await monitor.tickets('p', 'a.yaml')).toEqual(['anneal.ticket.t1']);
  expect(await monitor.tickets('p', 'a.yaml')).toEqual(['anneal.ticket.t2']);
  const off = server(session({ auth: 'off', principal: { kind: 'local', id: 'local', name: null } }));
  expect(await createSessionMonitor(off.access, memory()).tickets('p', 'a.yaml')).toEqual([]);
  const away = server(session());
  away.answers.reachable = false; // the socket will find out too
  expect(await createSessionMonitor(away.access, memory()).tickets('p', 'a.yaml')).toEqual([]);
});

test('a request that nobody is signed in for is heard; a wrong password is not such', async () => {
  const heard = vi.fn();
  const answer = (status: number) => async (input: unknown) =>
    Object.defineProperty(new Response('{}', { status }), 'url', { value: String(input) });
  const send = watchSignedOut(answer(401) as typeof fetch, heard);
  await send('http://host/api/v1/session');
  await send('http://host/api/v1/session/password');
  expect(heard).not.toHaveBeenCalled();
  await send('http://host/api/v1/projects');
  expect(heard).toHaveBeenCalledOnce();
  await watchSignedOut(answer(200) as typeof fetch, heard)('http://host/api/v1/projects');
  expect(heard).toHaveBeenCalledOnce();
});
