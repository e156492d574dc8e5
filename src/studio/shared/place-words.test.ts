import { expect, test } from 'vitest';
import { protocolErrors } from '../../protocol/errors.ts';
import { placeWords } from './place-words.ts';

const state = { here: true, server: true, bytes: 10, moving: null, problem: null };

test('where an artifact is, in words', () => {
  expect(placeWords(state, true).place).toBe('both');
  expect(placeWords({ ...state, server: false }, true)).toMatchObject({ place: 'here', short: 'here only' });
  expect(placeWords({ ...state, server: null }, false).long).toContain('when the server can be reached');
  expect(placeWords({ ...state, here: false }, true)).toMatchObject({
    place: 'server',
    short: 'on the server only',
  });
  expect(placeWords({ ...state, here: false, server: false }, true).place).toBe('nowhere');
  expect(placeWords({ ...state, here: false, server: null }, false).place).toBe('unknown');
  expect(placeWords(undefined, true).place).toBe('unknown');
});

test('how far it is, and why it does not go on', () => {
  const up = { way: 'up', done: 419, total: 1000 } as const;
  expect(placeWords({ ...state, server: false, moving: up }, true).short).toBe('sending 41%');
  const down = { way: 'down', done: 5, total: null } as const;
  expect(placeWords({ ...state, here: false, moving: down }, true).short).toBe('fetching');
  const problem = protocolErrors.quotaExceeded();
  expect(placeWords({ ...state, server: false, problem }, true)).toMatchObject({
    place: 'stuck',
    long: expect.stringContaining('no room'),
  });
});
