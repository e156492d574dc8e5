import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Role } from '../../../src/domain/access/roles.ts';
import { temporaryFolder } from '../../testing/fixture.ts';
import { POSTGRES_MISSING, startPostgres, type TestPostgres } from '../../testing/postgres.ts';
import { PostgresStore } from '../postgres/postgres-store.ts';
import { SqliteStore } from '../sqlite/sqlite-store.ts';
import type { Store } from '../store.ts';
import type { NewUser, Place, Standing } from './access.ts';

let postgres: TestPostgres | null = null;
beforeAll(async () => {
  postgres = await startPostgres();
}, 60_000);
afterAll(() => postgres?.stop(), 60_000);

const nobody: Standing = { user: null, share: null, key: null, session: null };
const user = (id: string, name = id): NewUser => ({ id, name, folded: name.toLowerCase(), password: null });
const WORKSPACE = 'home';

describe.each(['SQLite', 'PostgreSQL'] as const)('%s', (kind) => {
  const opened = async ({ skip }: { skip(note: string): never }): Promise<Store> => {
    const folder = await temporaryFolder();
    if (kind === 'PostgreSQL' && postgres === null) return skip(POSTGRES_MISSING);
    const store =
      kind === 'SQLite' || postgres === null
        ? await SqliteStore.open(folder)
        : await PostgresStore.open({ url: await postgres.database(), folder, shared: false });
    onTestFinished(() => store.close());
    return store;
  };
  const invite = (store: Store, hash: string, role: Role, expires = 1000) =>
    store.call('createInvitation', {
      id: `i-${hash}`,
      hash,
      workspace: WORKSPACE,
      role,
      created: 1,
      expires,
    });
  const join = async (store: Store, who: NewUser, role: Role): Promise<void> => {
    await invite(store, who.id, role);
    await store.call('acceptInvitation', { hash: who.id, now: 1, who });
  };
  const roleOf = async (store: Store, who: Partial<Standing>, place: Place, now = 10) =>
    (await store.call('roleIn', { who: { ...nobody, ...who }, place, now })).role;

  test('of many who accept one invitation at once one becomes a member', async (context) => {
    const store = await opened(context);
    await invite(store, 'once', 'editor');
    const all = await Promise.all(
      ['a', 'b', 'c', 'd'].map((id) =>
        store.call('acceptInvitation', { hash: 'once', now: 1, who: user(id) }),
      ),
    );
    expect(all.filter((one) => typeof one === 'object')).toHaveLength(1);
    expect(all.filter((one) => one === 'invalid')).toHaveLength(3);
    expect(await store.call('listMembers', { workspace: WORKSPACE })).toHaveLength(1);
  });

  test('of many who want one name at once one gets it, and the others keep their invitation', async (context) => {
    const store = await opened(context);
    const hashes = ['a', 'b', 'c'];
    for (const hash of hashes) await invite(store, hash, 'viewer');
    const all = await Promise.all(
      hashes.map((hash) => store.call('acceptInvitation', { hash, now: 1, who: user(hash, 'Ada') })),
    );
    expect(all.filter((one) => one === 'taken')).toHaveLength(2);
    expect(await store.call('listInvitations', { workspace: WORKSPACE, now: 1 })).toHaveLength(2);
  });

  test('two owners who remove each other at once do not leave the workspace without one', async (context) => {
    const store = await opened(context);
    for (let i = 0; i < 5; i++) {
      const [a, b] = [user(`a${i}`), user(`b${i}`)];
      await join(store, a, 'owner');
      await join(store, b, 'owner');
      const others = (await store.call('listMembers', { workspace: WORKSPACE })).filter(
        (member) => member.user !== a.id && member.user !== b.id,
      );
      for (const other of others) {
        await store.call('removeMember', { workspace: WORKSPACE, user: other.user, now: 2 });
      }
      const outcomes = await Promise.all([
        store.call('changeMember', { workspace: WORKSPACE, user: a.id, role: 'viewer' }),
        store.call('removeMember', { workspace: WORKSPACE, user: b.id, now: 2 }),
      ]);
      expect(outcomes).toContain('last owner');
      expect(await store.call('hasOwner', { workspace: WORKSPACE })).toBe(true);
    }
  });

  test('a ticket is taken once, however many grasp at it', async (context) => {
    const store = await opened(context);
    const ticket = { hash: 't', principal: '{}', project: 'p', path: 'a', expires: 100, now: 40 };
    await store.call('createTicket', ticket);
    const taken = await Promise.all(
      Array.from({ length: 8 }, () => store.call('takeTicket', { hash: 't', now: 50 })),
    );
    expect(taken.filter((one) => one !== null)).toEqual([{ principal: '{}', project: 'p', path: 'a' }]);
    await store.call('createTicket', { ...ticket, hash: 'late' });
    expect(await store.call('takeTicket', { hash: 'late', now: 100 })).toBeNull();
    await store.call('createTicket', { ...ticket, hash: 'unused' });
    await store.call('createTicket', { ...ticket, hash: 'next', expires: 200, now: 100 });
    expect(await store.call('takeTicket', { hash: 'unused', now: 50 })).toBeNull();
    expect(await store.call('takeTicket', { hash: 'next', now: 150 })).not.toBeNull();
  });

  test('one who signs in at his provider for the first time, twice at once, is one user', async (context) => {
    const store = await opened(context);
    const sign = (id: string) =>
      store.call('userOfIdentity', { issuer: 'i', subject: 's', wish: user(id, 'Ada'), created: 1 });
    const ids = await Promise.all([sign('u_000001'), sign('u_000002')]);
    expect(new Set(ids).size).toBe(1);
    const other = await store.call('userOfIdentity', {
      issuer: 'i',
      subject: 'another',
      wish: { ...user('u_000003', 'Ada'), folded: 'OIDC u_000003' },
      created: 1,
    });
    expect(await store.call('userById', other ?? '')).toMatchObject({ name: 'Ada' });
  });

  test('the role is that of the membership or the link, whichever is more, where it reaches', async (context) => {
    const store = await opened(context);
    await join(store, user('ada'), 'viewer');
    const project = { workspace: WORKSPACE, name: 'P', created: 1, seeds: [] };
    await store.call('createProject', { ...project, id: 'p' });
    await store.call('createProject', { ...project, id: 'q' });
    const share = { workspace: WORKSPACE, name: 'Guest', created_by: 'ada', created: 1, expires: 100 };
    expect(
      await store.call('createShare', { ...share, id: 's', hash: 's', project: 'p', role: 'editor' }),
    ).toBe(true);
    await store.call('createShare', { ...share, id: 'w', hash: 'w', project: null, role: 'commenter' });
    expect(await roleOf(store, { user: 'ada' }, { project: 'p' })).toBe('viewer');
    expect(await roleOf(store, { user: 'ada', share: 's' }, { project: 'p' })).toBe('editor');
    expect(await roleOf(store, { user: 'ada', share: 's' }, { project: 'q' })).toBe('viewer');
    expect(await roleOf(store, { share: 's' }, { project: 'q' })).toBeNull();
    expect(await roleOf(store, { share: 's' }, { workspace: WORKSPACE })).toBeNull();
    expect(await roleOf(store, { share: 'w' }, { workspace: WORKSPACE })).toBe('commenter');
    expect(await roleOf(store, { share: 's' }, { project: 'p' }, 99)).toBe('editor');
    expect(await roleOf(store, { share: 's' }, { project: 'p' }, 100)).toBeNull();
    await store.call('revokeShare', { workspace: WORKSPACE, id: 'w', now: 20 });
    expect(await roleOf(store, { share: 'w' }, { project: 'p' })).toBeNull();
    expect(await roleOf(store, {}, { project: 'p' })).toBeNull();
    expect(await store.call('roleIn', { who: nobody, place: { project: 'none' }, now: 1 })).toEqual({
      workspace: null,
      role: null,
    });
  });

  test('a role is gone with the key or the session that one came by', async (context) => {
    const store = await opened(context);
    await join(store, user('ada'), 'editor');
    const place = { workspace: WORKSPACE };
    const key = { user: 'ada', workspace: WORKSPACE, scopes: '["read"]', name: 'k', created: 1 };
    await store.call('createKey', { ...key, id: 'k', hash: 'k', expires: 100 });
    expect(await roleOf(store, { user: 'ada', key: 'k' }, place)).toBe('editor');
    expect(await roleOf(store, { user: 'ada', key: 'k' }, place, 100)).toBeNull();
    await store.call('revokeKey', { workspace: WORKSPACE, id: 'k', user: 'ada', now: 20 });
    expect(await roleOf(store, { user: 'ada', key: 'k' }, place)).toBeNull();

    const session = { user: 'ada', share: null, created: 1, expires: 100, agent: null, used: null };
    await store.call('replaceSession', { old: null, session: { ...session, hash: 'one' } });
    await store.call('replaceSession', { old: null, session: { ...session, hash: 'two' } });
    expect(await roleOf(store, { user: 'ada', session: 'one' }, place)).toBe('editor');
    expect(await roleOf(store, { user: 'ada', session: 'one' }, place, 100)).toBeNull();
    await store.call('setPassword', { user: 'ada', password: 'x', keep: 'two' });
    expect(await roleOf(store, { user: 'ada', session: 'one' }, place)).toBeNull();
    expect(await roleOf(store, { user: 'ada', session: 'two' }, place)).toBe('editor');
    expect(await store.call('endSessions', ['two', 'three'])).toEqual(['two']);
    expect(await roleOf(store, { user: 'ada', session: 'two' }, place)).toBeNull();
  });

  test('somebody is told of his own sessions, the one used last first, and ends one or all others', async (context) => {
    const store = await opened(context);
    for (const who of ['ada', 'bob']) await join(store, user(who), 'editor');
    const begin = (who: string, hash: string, created: number, expires = 100) =>
      store.call('replaceSession', {
        old: null,
        session: { user: who, share: null, hash, created, expires, agent: `agent of ${hash}`, used: null },
      });
    const [one, two, three, his] = ['1', '2', '3', '4'].map((digit) => digit.repeat(64)) as [
      string,
      string,
      string,
      string,
    ];
    await begin('ada', one, 1);
    await begin('ada', two, 2);
    await begin('ada', three, 3, 50);
    await begin('bob', his, 3);
    await store.call('touchSession', { hash: one, now: 9 });
    const listed = async (now: number) =>
      (await store.call('listSessions', { user: 'ada', now })).map(({ hash }) => hash);
    expect(await listed(10)).toEqual([one, three, two]);
    expect(await listed(50)).toEqual([one, two]);
    expect((await store.call('listSessions', { user: 'ada', now: 10 }))[0]).toEqual({
      hash: one,
      agent: `agent of ${one}`,
      created: 1,
      used: 9,
      expires: 100,
    });
    expect(await store.call('endSessionsOf', { user: 'ada', id: his.slice(0, 16) })).toEqual([]);
    expect(await store.call('endSessionsOf', { user: 'ada', id: two.slice(0, 16) })).toEqual([two]);
    expect(await store.call('endSessionsOf', { user: 'ada', keep: one })).toEqual([three]);
    expect(await listed(10)).toEqual([one]);
    expect(await store.call('listSessions', { user: 'bob', now: 10 })).toHaveLength(1);
  });

  test('a member who is removed takes his keys along; another invitation takes no rights away', async (context) => {
    const store = await opened(context);
    await join(store, user('olive'), 'owner');
    await join(store, user('ada'), 'editor');
    await invite(store, 'less', 'viewer');
    await store.call('acceptInvitation', { hash: 'less', now: 2, who: { id: 'ada' } });
    expect(await roleOf(store, { user: 'ada' }, { workspace: WORKSPACE })).toBe('editor');
    const key = {
      user: 'ada',
      workspace: WORKSPACE,
      scopes: '["read"]',
      name: 'k',
      created: 1,
      expires: null,
    };
    await store.call('createKey', { ...key, id: 'k', hash: 'k' });
    await store.call('removeMember', { workspace: WORKSPACE, user: 'ada', now: 5 });
    expect(await store.call('findKey', { hash: 'k', now: 6 })).toBeNull();
    expect(await roleOf(store, { user: 'ada' }, { workspace: WORKSPACE })).toBeNull();
  });

  test('what has run out is removed at the start', async (context) => {
    const store = await opened(context);
    await invite(store, 'old', 'viewer', 5);
    await invite(store, 'new', 'viewer', 50);
    await store.call('purgeAccess', { now: 10 });
    const left = await store.call('listInvitations', { workspace: WORKSPACE, now: 1 });
    expect(left.map(({ id }) => id)).toEqual(['i-new']);
    expect(await store.call('getWorkspace', WORKSPACE)).toMatchObject({ name: 'Home', created: 10 });
  });
});
