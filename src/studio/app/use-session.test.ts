import { expect, test } from 'vitest';
import type { Session } from '../../protocol/http/access.ts';
import { may, roleOf } from './use-session.ts';

const session: Session = {
  auth: 'on',
  principal: { kind: 'user', id: 'u_1', name: 'Ada' },
  workspaces: [{ id: 'home', name: 'Home', role: 'commenter' }],
  guest: { workspace: 'lab', workspaceName: 'Lab', project: 'rivers', role: 'editor' },
  signIn: { oidc: null },
  ownerMissing: false,
};

test('the role of a place is that of the member, or of the link that was opened for it', () => {
  expect(roleOf(session, { workspace: 'home' })).toBe('commenter');
  expect(roleOf(session, { id: 'rivers', workspace: 'lab' })).toBe('editor');
  expect(roleOf(session, { id: 'lakes', workspace: 'lab' })).toBe(null);
  expect(roleOf(session, { workspace: 'lab' })).toBe(null);
  expect(roleOf(null, { workspace: 'home' })).toBe(null);
});

test('a link into a workspace in which one is a member adds what it gives more', () => {
  const guest = { workspace: 'home', workspaceName: 'Home', project: null, role: 'editor' } as const;
  expect(roleOf({ ...session, guest }, { id: 'any', workspace: 'home' })).toBe('editor');
});

test('what is not known is tried: the server decides', () => {
  expect(may(null, 'document.edit')).toBe(true);
  expect(may('viewer', 'document.edit')).toBe(false);
  expect(may('editor', 'document.edit')).toBe(true);
});
