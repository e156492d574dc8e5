import { expect, test } from 'vitest';
import { CloseCode } from '../../protocol/sync.ts';
import type { Room } from '../app/use-room.ts';
import { whyClosed } from './closed.ts';

type State = Room['state'];
const state = (connection: State['connection'], ready = true): State => ({
  connection,
  local: 'stored',
  ready,
  role: null,
});
const refused = (code: number): State['connection'] => ({ kind: 'refused', code, reason: 'No' });

test('says why there is no text, and nothing while one is there or on its way', () => {
  expect(whyClosed('a.yaml', null, false)).toBeNull();
  expect(whyClosed('a.yaml', state({ kind: 'synced', saved: true }), false)).toBeNull();
  expect(whyClosed('a.yaml', state({ kind: 'connecting' }, false), false)).toBeNull();
  expect(whyClosed('a.yaml', state({ kind: 'offline' }), false)).toBeNull();
  expect(whyClosed('a.yaml', state({ kind: 'offline' }, false), false)).toMatch(/not on this/);
  expect(whyClosed('a.yaml', state(refused(CloseCode.gone)), false)).toBe('a.yaml has been deleted.');
  expect(whyClosed('a.yaml', state(refused(CloseCode.projectNotFound)), false)).toMatch(/no such project/);
});

test('of a deleted project it is the project that is named, whatever is known of the text', () => {
  for (const known of [null, state({ kind: 'connecting' }, false), state(refused(CloseCode.gone))])
    expect(whyClosed('a.yaml', known, true)).toBe('The project has been deleted.');
});
