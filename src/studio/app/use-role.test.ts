import { expect, test } from 'vitest';
import type { Session } from '../../protocol/http/access.ts';
import { roleBefore } from './use-role.ts';

const session: Session = {
  auth: 'on',
  principal: { kind: 'user', id: 'u_1', name: 'Ada' },
  workspaces: [{ id: 'home', name: 'Home', role: 'viewer' }],
  guest: null,
  signIn: { oidc: null },
  ownerMissing: false,
};
const rivers = { id: 'rivers', workspace: 'lab', name: 'Rivers', created: 0, deleted: null };

test('a known project has the role of its workspace', () => {
  const lab = { id: 'lab', name: 'Lab', role: 'editor' } as const;
  const both = { ...session, workspaces: [...session.workspaces, lab] };
  expect(roleBefore(both, 'rivers', [rivers])).toBe('editor');
  expect(roleBefore(both, 'rivers', undefined)).toBe(null); // of two one cannot know
});

test('where there is one way in, every project has its role', () => {
  expect(roleBefore(session, 'rivers', undefined)).toBe('viewer');
  const guest = { workspace: 'lab', workspaceName: 'Lab', project: 'rivers', role: 'commenter' } as const;
  expect(roleBefore({ ...session, workspaces: [], guest }, 'rivers', undefined)).toBe('commenter');
  expect(roleBefore({ ...session, guest }, 'rivers', undefined)).toBe(null);
  expect(roleBefore(null, 'rivers', [rivers])).toBe(null);
});
