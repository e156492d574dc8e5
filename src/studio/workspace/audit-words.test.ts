import { expect, test } from 'vitest';
import { aboutWords, actionWords, actorWords, isDone } from './audit-words.ts';

test('operations and the words of the server read as words', () => {
  expect(actionWords('changeMember')).toBe('Change member');
  expect(actionWords('document.edited')).toBe('Document edited');
  expect(actionWords('')).toBe('');
});

test('where it was and with what, the workspace that is looked at left out', () => {
  const target = 'workspace=home user=u_1';
  expect(aboutWords({ target, detail: '{"role":"editor"}' })).toBe('user u_1, role editor');
  expect(aboutWords({ target: '', detail: '{"scopes":["read"]}' })).toBe('scopes read');
  const made = '{"name":"ci","lastingMs":1000,"scopes":["read","write"],"expires":null}';
  expect(aboutWords({ target: '', detail: made })).toBe('name ci, scopes read and write');
  expect(aboutWords({ target: '', detail: '{"expires":0}' })).toBe(`expires ${new Date(0).toLocaleString()}`);
  expect(aboutWords({ target: '', detail: '{"hasOwner":false,"again":2}' })).toBe(
    'has owner no, and 2 more like it',
  );
  expect(aboutWords({ target: 'project=p', detail: '{' })).toBe('project p');
  expect(aboutWords({ target: '', detail: 'null' })).toBe('');
});

test('who did it, and by what', () => {
  expect(actorWords({ actor: 'user:u_1', name: 'Ada' })).toBe('Ada');
  expect(actorWords({ actor: 'key:k_1', name: 'Ada' })).toBe('Ada, by a key');
  expect(actorWords({ actor: 'share:s_1', name: 'Guest' })).toBe('Guest, by a link');
  expect(actorWords({ actor: 'user:u_1', name: null })).toBe('user:u_1');
  expect(actorWords({ actor: 'nobody', name: null })).toBe('Somebody not signed in');
  expect(actorWords({ actor: 'local:local', name: null })).toBe('This machine');
  expect(actorWords({ actor: 'server', name: null })).toBe('The server');
});

test('done is done, and anything else is not', () => {
  expect(isDone({ outcome: 'done' })).toBe(true);
  expect(isDone({ outcome: 'ANN-PRO-031' })).toBe(false);
});
