import { expect, test } from 'vitest';
import * as Y from 'yjs';
import type { Role } from '../domain/access/roles.ts';
import { listFiles, movedTo, projectFiles } from './project-files.ts';
import type { Room } from './room.ts';

const SHA = 'a'.repeat(64);

function room(role: Role | null = null): Room {
  const doc = new Y.Doc();
  const files = doc.getMap('files');
  files.set('b.yaml', { kind: 'text', created: 1 });
  files.set('a.txt', { kind: 'artifact', sha256: SHA, bytes: 3, created: 1 });
  files.set('old.yaml', { kind: 'text', created: 1, deleted: 2, movedTo: 'b.yaml' });
  files.set('gone.txt', { kind: 'artifact', sha256: SHA, bytes: 3, created: 1, deleted: 2 });
  files.set('../evil', { kind: 'text', created: 1 });
  files.set('nonsense', 42);
  return { doc, state: { role } } as unknown as Room;
}

test('lists what is there; deleted, malformed and forbidden entries are left out', () => {
  expect(listFiles(room()).map(({ path }) => path)).toEqual(['a.txt', 'b.yaml']);
});

test('tells where a renamed file went', () => {
  expect(movedTo(room(), 'old.yaml')).toBe('b.yaml');
  expect(movedTo(room(), 'b.yaml')).toBe(null);
  expect(movedTo(room(), 'never')).toBe(null);
});

test('the port of the services: artifacts alone, set and removed for everybody', () => {
  const there = room();
  const files = projectFiles(there, () => 7);
  let heard = 0;
  const stop = files.observe(() => heard++);
  expect(files.get('b.yaml')).toBe(null);
  expect([...files.entries()]).toEqual([['a.txt', { sha256: SHA, bytes: 3 }]]);
  files.set('new/c.txt', { sha256: SHA, bytes: 9 });
  expect(files.get('new/c.txt')).toEqual({ sha256: SHA, bytes: 9 });
  files.remove('a.txt');
  expect(files.get('a.txt')).toBe(null);
  expect(there.doc.getMap('files').get('a.txt')).toMatchObject({ deleted: 7, sha256: SHA });
  expect(heard).toBe(2);
  stop();
});

test('who may not change the project is told so before the server is', () => {
  for (const role of ['viewer', 'commenter'] as const) {
    const files = projectFiles(room(role), () => 9);
    expect(() => files.set('new.txt', { sha256: SHA, bytes: 1 })).toThrow(`A ${role} may not`);
    expect(() => files.remove('a.txt')).toThrow(`A ${role} may not`);
    expect(files.get('a.txt')).toEqual({ sha256: SHA, bytes: 3 });
    expect(files.get('new.txt')).toBe(null);
  }
  const files = projectFiles(room('editor'), () => 9);
  files.set('new.txt', { sha256: SHA, bytes: 1 });
  expect(files.get('new.txt')).toEqual({ sha256: SHA, bytes: 1 });
});
