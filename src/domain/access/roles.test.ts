import { expect, test } from 'vitest';
import {
  type Action,
  actions,
  can,
  covers,
  limited,
  roles,
  type Scope,
  scopes,
  stronger,
  weaker,
} from './roles.ts';

const all = Object.keys(actions) as Action[];
const may = (role: (typeof roles)[number]): Action[] => all.filter((action) => can(role, action));

test('each role may what the weaker ones may, and something more', () => {
  for (const [index, role] of roles.slice(0, -1).entries()) {
    const less = may(roles[index + 1] ?? 'viewer');
    expect(may(role)).toEqual(expect.arrayContaining(less));
    expect(may(role).length).toBeGreaterThan(less.length);
  }
  expect(may('owner')).toEqual(all);
  expect(all.filter((action) => can(null, action))).toEqual([]);
});

test('a viewer changes nothing that others see; a commenter no text', () => {
  expect(may('viewer').filter((action) => !/\.read$/.test(action))).toEqual(['keys.manage']);
  expect(may('commenter').filter((action) => !can('viewer', action))).toEqual([
    'comment.write',
    'suggestion.write',
  ]);
  expect(all.filter((action) => can('owner', action) && !can('editor', action)).sort()).toEqual([
    'artifact.collect',
    'audit.read',
    'members.manage',
    'shares.manage',
    'workspace.manage',
  ]);
});

test('every scope covers something, and no key does more than its scopes or its user', () => {
  for (const scope of Object.keys(scopes) as Scope[]) {
    expect(all.some((action) => covers([scope], action))).toBe(true);
  }
  expect(all.filter((action) => covers([], action))).toEqual([]);
  expect(all.filter((action) => !covers(null, action))).toEqual([]);
  expect(limited('owner', ['read'])).toBe('viewer');
  expect(limited('owner', ['read', 'write'])).toBe('editor');
  expect(limited('viewer', ['read', 'write', 'manage'])).toBe('viewer');
  expect(limited('owner', ['read', 'write', 'manage'])).toBe('owner');
  expect(limited('owner', ['read', 'manage'])).toBe('viewer'); // to manage is not to write
  expect(limited('owner', ['read', 'comment'])).toBe('commenter');
  for (const scope of ['comment', 'write', 'artifacts', 'manage'] as const) {
    expect(limited('owner', [scope])).toBeNull(); // who may not read follows no document
  }
  expect(limited('editor', null)).toBe('editor');
});

test('of two roles', () => {
  expect(weaker('owner', 'commenter')).toBe('commenter');
  expect(stronger('owner', 'commenter')).toBe('owner');
  expect(stronger(null, 'viewer')).toBe('viewer');
  expect(stronger(null, null)).toBeNull();
});
