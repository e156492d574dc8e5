/**
 * Who may do what: written once. The server's check before every operation, the table in docs/access.md and the
 * test of its every cell come from here.
 */

/** From all to the least; each may do whatever those after it may. */
export const roles = ['owner', 'editor', 'commenter', 'viewer'] as const;
export type Role = (typeof roles)[number];

/** What an API key can be limited to; it never does more than the person whose key it is. */
export const scopes = {
  read: 'See projects, texts, comments, versions and artifacts, and follow them live.',
  comment: 'Comment, and suggest changes.',
  write: 'Change projects and texts, decide suggestions, make and restore versions.',
  artifacts: 'Upload artifacts.',
  manage: 'Manage the workspace, its members, keys and links; read the audit log.',
} as const;
export type Scope = keyof typeof scopes;

interface ActionFacts {
  /** The least role that may do it. */
  readonly least: Role;
  /** What a key needs for it. */
  readonly scope: Scope;
  readonly says: string;
}

const actionTable = {
  'workspace.read': { least: 'viewer', scope: 'read', says: 'See that the workspace exists, and its name.' },
  'workspace.manage': { least: 'owner', scope: 'manage', says: 'Rename the workspace, set its limits.' },
  'members.read': { least: 'viewer', scope: 'read', says: 'See who is a member, and in which role.' },
  'members.manage': { least: 'owner', scope: 'manage', says: 'Invite, change roles, remove members.' },
  'keys.manage': { least: 'viewer', scope: 'manage', says: 'Make and revoke keys of one’s own.' },
  'shares.manage': {
    least: 'owner',
    scope: 'manage',
    says: 'Make and revoke links for people without account.',
  },
  'project.read': { least: 'viewer', scope: 'read', says: 'See projects and the list of their files.' },
  'project.create': { least: 'editor', scope: 'write', says: 'Create a project.' },
  'project.change': {
    least: 'editor',
    scope: 'write',
    says: 'Rename a project; add, move and delete its files.',
  },
  'project.delete': { least: 'editor', scope: 'write', says: 'Delete a project, and restore it.' },
  'document.read': { least: 'viewer', scope: 'read', says: 'Read a text, and see it change.' },
  'document.edit': { least: 'editor', scope: 'write', says: 'Change a text.' },
  'comment.write': { least: 'commenter', scope: 'comment', says: 'Write comments, answer and resolve them.' },
  'suggestion.write': { least: 'commenter', scope: 'comment', says: 'Suggest a change.' },
  'suggestion.decide': { least: 'editor', scope: 'write', says: 'Accept or reject a suggestion.' },
  'version.read': { least: 'viewer', scope: 'read', says: 'See versions and what changed between them.' },
  'version.create': { least: 'editor', scope: 'write', says: 'Name a version.' },
  'version.restore': { least: 'editor', scope: 'write', says: 'Make a text as it was in a version.' },
  'artifact.read': { least: 'viewer', scope: 'read', says: 'Download artifacts.' },
  'artifact.write': { least: 'editor', scope: 'artifacts', says: 'Upload artifacts.' },
  'artifact.collect': { least: 'owner', scope: 'manage', says: 'Remove artifacts that nothing refers to.' },
  'audit.read': { least: 'owner', scope: 'manage', says: 'Read the audit log.' },
} as const satisfies Readonly<Record<string, ActionFacts>>;

export type Action = keyof typeof actionTable;
export const actions: Readonly<Record<Action, ActionFacts>> = actionTable;

const rank = (role: Role): number => roles.length - roles.indexOf(role);

/** Null is somebody without a role: an outsider, who may do nothing. */
export function can(role: Role | null, action: Action): boolean {
  return role !== null && rank(role) >= rank(actions[action].least);
}

/** Whether a key with these scopes may be used for it; null: not limited. */
export function covers(granted: readonly Scope[] | null, action: Action): boolean {
  return granted === null || granted.includes(actions[action].scope);
}

/**
 * The role in which somebody follows documents through a key: his own, or less where the key's scopes say less.
 * Null: the key is not for reading, and so for no document.
 */
export function limited(role: Role, granted: readonly Scope[] | null): Role | null {
  if (granted === null) return role;
  if (!granted.includes('read')) return null;
  if (granted.includes('write')) return granted.includes('manage') ? role : weaker(role, 'editor');
  return weaker(role, granted.includes('comment') ? 'commenter' : 'viewer');
}

export function weaker(a: Role, b: Role): Role {
  return rank(a) < rank(b) ? a : b;
}

export function stronger(a: Role | null, b: Role | null): Role | null {
  if (a === null || b === null) return a ?? b;
  return rank(a) > rank(b) ? a : b;
}
