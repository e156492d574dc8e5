import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  claims,
  guardStep,
  type MergeGuard,
  type MergeGuardEvent,
  NEW_GUARD,
  nextLook,
  SETTLE_MS,
  TYPING_MS,
  toldGood,
} from './merge-guard.ts';

const after = (events: readonly MergeGuardEvent[]): MergeGuard => events.reduce(guardStep, NEW_GUARD);
const sound = (text: string, at: number): MergeGuardEvent => ({
  kind: 'checked',
  text,
  parses: true,
  current: true,
  at,
});
const broken = (at: number): MergeGuardEvent => ({
  kind: 'checked',
  text: 'broken',
  parses: false,
  current: true,
  at,
});

test('a merge that breaks the config is told to both sides, with the last good text of each', () => {
  const offline = after([
    sound('seed', 0),
    { kind: 'edited', by: 'self', at: 10 },
    sound('seed + mine', 20),
    { kind: 'edited', by: 'others', at: 5_000 },
    broken(5_100),
  ]);
  expect(claims(offline, 5_100)).toBe(false);
  expect(toldGood(offline, false, 5_100)).toBe(null); // somebody may still say that it is his typing
  expect(nextLook(offline, 5_100)).toBe(SETTLE_MS);
  expect(toldGood(offline, false, 5_100 + SETTLE_MS)).toBe('seed + mine');
});

test('who is typing claims the broken text, and the others hear nothing', () => {
  const typist = after([sound('seed', 0), { kind: 'edited', by: 'self', at: 10 }, broken(20)]);
  expect(claims(typist, 20)).toBe(true);
  expect(claims(typist, 60_000)).toBe(true); // thinking in the middle of a line
  expect(toldGood(typist, false, 60_000)).toBe(null);
  const onlooker = after([sound('seed', 0), { kind: 'edited', by: 'others', at: 10 }, broken(20)]);
  expect(toldGood(onlooker, true, 60_000)).toBe(null);
});

test('where two type at once, each claims it until the keys have been still for a while', () => {
  const both = after([
    sound('seed', 0),
    { kind: 'edited', by: 'self', at: 10 },
    { kind: 'edited', by: 'others', at: 12 },
    broken(20),
  ]);
  expect(claims(both, 100)).toBe(true);
  expect(claims(both, 10 + TYPING_MS)).toBe(false);
  expect(toldGood(both, false, 10 + TYPING_MS)).toBe('seed');
});

test('it is over when the text parses again, or when somebody says that he mends it', () => {
  const told = after([sound('seed', 0), { kind: 'edited', by: 'others', at: 10 }, broken(20)]);
  expect(toldGood(guardStep(told, { kind: 'dismissed' }), false, 9_999)).toBe(null);
  const mended = guardStep(told, sound('mended', 10_000));
  expect(toldGood(mended, false, 20_000)).toBe(null);
  expect(mended.good).toBe('mended');
});

test('an answer to an older text does not forget what was edited since', () => {
  const late = after([
    { kind: 'edited', by: 'others', at: 10 },
    { kind: 'checked', text: 'older', parses: true, current: false, at: 20 },
    broken(30),
  ]);
  expect(toldGood(late, false, 30 + SETTLE_MS)).toBe('older');
});

test('who comes later is told what was left for him, unless he has seen a good text himself', () => {
  const late = after([broken(10), { kind: 'found', text: 'left' }]);
  expect(toldGood(late, false, 10)).toBe(null); // somebody may be mending it
  expect(nextLook(late, 10)).toBe(SETTLE_MS);
  expect(toldGood(late, false, 10 + SETTLE_MS)).toBe('left');
  expect(toldGood(late, true, 10 + SETTLE_MS)).toBe(null);
  expect(toldGood(guardStep(late, sound('mended', 20)), false, 9_999)).toBe(null);
  const there = after([sound('own', 0), { kind: 'edited', by: 'others', at: 5 }, broken(10)]);
  expect(guardStep(there, { kind: 'found', text: 'left' }).good).toBe('own');
  expect(after([{ kind: 'found', text: 'left' }])).toEqual(after([]));
});

test('nothing is ever told without a text to go back to, or while the text parses', () => {
  const event: fc.Arbitrary<MergeGuardEvent> = fc.oneof(
    fc.record({
      kind: fc.constant('edited' as const),
      by: fc.constantFrom('self' as const, 'others' as const),
      at: fc.nat(10_000),
    }),
    fc.record({
      kind: fc.constant('checked' as const),
      text: fc.string(),
      parses: fc.boolean(),
      current: fc.boolean(),
      at: fc.nat(10_000),
    }),
    fc.record({ kind: fc.constant('found' as const), text: fc.string() }),
    fc.constant({ kind: 'dismissed' as const }),
  );
  fc.assert(
    fc.property(fc.array(event), fc.boolean(), fc.nat(20_000), (events, othersClaim, now) => {
      const guard = after(events);
      const told = toldGood(guard, othersClaim, now);
      const last = events.findLast((one) => one.kind === 'checked');
      if (told !== null) {
        expect(last?.parses).toBe(false);
        const isGood = (one: MergeGuardEvent): boolean =>
          one.kind === 'found' || (one.kind === 'checked' && one.parses);
        expect(events.some((one) => isGood(one) && 'text' in one && one.text === told)).toBe(true);
      }
      if (told !== null) expect(claims(guard, now)).toBe(false);
    }),
  );
});
