import { expect, test, vi } from 'vitest';
import type { ProfileStore } from './profile.ts';
import type { SessionMonitor, SessionState } from './session.ts';
import { sessionProfile } from './session-profile.ts';

type Principal = NonNullable<NonNullable<SessionState['session']>['principal']>;

function world(principal: Principal | null) {
  const said: ProfileStore = {
    current: () => ({ id: 'browser', name: 'Brisk Badger' }),
    isGiven: () => false,
    keeper: () => 'browser',
    rename: vi.fn(),
    subscribe: () => () => undefined,
  };
  const session = {
    state: () => ({ session: { principal }, asked: true, lost: null }),
    subscribe: () => () => undefined,
  } as unknown as SessionMonitor;
  return { said, profile: sessionProfile(said, session) };
}

test('with sign-in off everybody says who he is', () => {
  const { said, profile } = world({ kind: 'local', id: 'local', name: null });
  expect(profile.current()).toEqual({ id: 'browser', name: 'Brisk Badger' });
  profile.rename('Ada');
  expect(said.rename).toHaveBeenCalledWith('Ada');
});

test('a user is himself in every browser, and is not renamed here', () => {
  const { said, profile } = world({ kind: 'user', id: 'u_1', name: 'Ada' });
  expect(profile.current()).toEqual({ id: 'u_1', name: 'Ada' });
  expect(profile.current()).toBe(profile.current());
  expect(profile.isGiven()).toBe(true);
  profile.rename('Bob');
  expect(said.rename).not.toHaveBeenCalled();
});

test('what is kept here is found again by a guest who opens his link again, and by everybody else', () => {
  const session = (id: string): Principal => ({ kind: 'share', id, name: 'Guest' });
  expect(world(session('s_1.9f86d081884c7d65')).profile.keeper()).toBe('s_1');
  expect(world(session('s_1.4355a46b19d348dc')).profile.keeper()).toBe('s_1');
  expect(world({ kind: 'user', id: 'u_1', name: 'Ada' }).profile.keeper()).toBe('u_1');
  expect(world({ kind: 'local', id: 'local', name: null }).profile.keeper()).toBe('browser');
});

test('a guest is who the server knows him as, which tells two of one link apart', () => {
  const { profile } = world({ kind: 'share', id: 's_1.9f86d081884c7d65', name: 'Guest' });
  expect(profile.current()).toEqual({ id: 's_1.9f86d081884c7d65', name: 'Guest' });
});
