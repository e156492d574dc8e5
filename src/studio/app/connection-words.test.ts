import { expect, test } from 'vitest';
import type { RoomState } from '../../collab/room.ts';
import { connectionWords } from './connection-words.ts';

const state = (connection: RoomState['connection'], local: RoomState['local'] = 'stored'): RoomState => ({
  connection,
  local,
  ready: true,
  role: null,
});

test('on the server is said only when the server has it on disk; until then where the edits are', () => {
  expect(connectionWords(state({ kind: 'synced', saved: true })).short).toBe('Saved on server');
  expect(connectionWords(state({ kind: 'synced', saved: false })).short).toBe('On this device');
  expect(connectionWords(state({ kind: 'synced', saved: false }, 'failed')).short).toBe('In this tab only');
  expect(connectionWords(state({ kind: 'synced', saved: null })).short).toBe('Connected');
});

test('offline says where the text is kept, and warns where it is not', () => {
  const kept = connectionWords(state({ kind: 'offline' }));
  expect(kept.short).toBe('Offline · on this device');
  expect(kept.long).toContain('kept on this device');
  const lost = connectionWords(state({ kind: 'offline' }, 'failed'));
  expect(lost.tone).toBe('bad');
  expect(lost.long).toContain('cannot be kept');
});

test('signed out, or not allowed any more: it is said where the edits are', () => {
  const out = connectionWords(state({ kind: 'refused', code: 4401, reason: 'Sign in' }));
  expect(out.short).toBe('Signed out · on this device');
  expect(out.long).toContain('signed in again');
  const not = connectionWords(state({ kind: 'refused', code: 4403, reason: '' }, 'failed'));
  expect(not.short).toBe('Not sent · in this tab only');
  expect(not.tone).toBe('bad');
});

test('a refusal shows the reason that the server gave', () => {
  expect(
    connectionWords(state({ kind: 'refused', code: 4410, reason: 'The file has been deleted' })).long,
  ).toMatch(/^The file has been deleted\./);
  expect(connectionWords(state({ kind: 'refused', code: 4400, reason: '' })).long).toContain('4400');
});
