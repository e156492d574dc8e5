import fc from 'fast-check';
import { expect, test } from 'vitest';
import { isOpen, newRoom, type RoomEvent, roomStep } from './room-state.ts';

test('a room never leaves memory with somebody in it or something not on disk', () => {
  const kinds: RoomEvent['kind'][] = ['joined', 'left', 'loaded', 'wrote', 'settled', 'expired', 'close'];
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...kinds), { maxLength: 40 }), (events) => {
      let state = newRoom;
      let users = 0;
      let unstored = 0;
      for (const kind of events) {
        // What cannot happen: nobody leaves who is not there, nothing is stored that was not written.
        if (kind === 'left' && users === 0) continue;
        if (kind === 'settled' && unstored === 0) continue;
        const shut = state.phase === 'unloading' || state.phase === 'closed';
        if ((kind === 'joined' && shut) || (kind === 'wrote' && !isOpen(state))) {
          expect(() => roomStep(state, { kind })).toThrow();
          continue;
        }
        state = roomStep(state, { kind });
        users += kind === 'joined' ? 1 : kind === 'left' ? -1 : 0;
        unstored += kind === 'wrote' ? 1 : kind === 'settled' ? -1 : 0;
        const still = users === 0 && unstored === 0;
        if (state.phase === 'closed') expect({ users, unstored }).toEqual({ users: 0, unstored: 0 });
        if (isOpen(state)) expect(state.phase).toBe(still ? 'idle' : 'live');
      }
    }),
  );
});

test('a room that is told to close does so when the last one has gone and the last write has landed', () => {
  const run = (...kinds: RoomEvent['kind'][]): string =>
    kinds.reduce((state, kind) => roomStep(state, { kind }), newRoom).phase;
  expect(run('joined', 'loaded')).toBe('live');
  expect(run('joined', 'loaded', 'left')).toBe('idle');
  expect(run('joined', 'loaded', 'left', 'joined')).toBe('live');
  expect(run('joined', 'loaded', 'wrote', 'close')).toBe('unloading');
  expect(run('joined', 'loaded', 'wrote', 'close', 'left')).toBe('unloading');
  expect(run('joined', 'loaded', 'wrote', 'close', 'left', 'settled')).toBe('closed');
  expect(run('joined', 'loaded', 'left', 'expired')).toBe('closed');
  expect(run('joined', 'loaded', 'expired')).toBe('live');
  expect(run('joined', 'loaded', 'wrote', 'left', 'expired')).toBe('live');
});
