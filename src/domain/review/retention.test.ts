import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type KeptVersion, outdated } from './retention.ts';

const NOW = Date.UTC(2026, 10, 21, 12);
const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

const auto = (ageMs: number): KeptVersion => ({ id: `auto ${ageMs}`, kind: 'auto', created: NOW - ageMs });

test('of a day of typing, each hour leaves its last version', () => {
  const day = Array.from({ length: 24 * 30 }, (_, i) => auto(i * 2 * MINUTE));
  const dropped = new Set(outdated(day, NOW));
  const kept = day.filter(({ id }) => !dropped.has(id));
  expect(kept.filter(({ created }) => NOW - created < 60 * MINUTE)).toHaveLength(30);
  expect(kept.filter(({ created }) => NOW - created >= 60 * MINUTE).length).toBeLessThanOrEqual(24);
  expect(kept[0]).toBe(day[0]);
});

test('many within seconds drive out none of the hour before them, and are themselves not kept', () => {
  const hour = Array.from({ length: 50 }, (_, i) => auto((i + 5) * MINUTE));
  const burst = Array.from({ length: 300 }, (_, i) => auto(i * 10));
  const dropped = new Set(outdated([...burst, ...hour], NOW));
  expect(hour.filter(({ id }) => dropped.has(id))).toEqual([]);
  expect(burst.filter(({ id }) => !dropped.has(id)).length).toBeLessThanOrEqual(62);
});

const versions = fc.uniqueArray(
  fc.record({
    id: fc.uuid(),
    kind: fc.constantFrom('auto' as const, 'named' as const, 'run' as const),
    created: fc.integer({ min: NOW - 400 * DAY, max: NOW }),
  }),
  { selector: ({ id }) => id, maxLength: 200 },
);

test('named versions and the newest stay, and thinning out twice takes nothing more', () => {
  fc.assert(
    fc.property(versions, (all) => {
      const dropped = new Set(outdated(all, NOW));
      const kept = all.filter(({ id }) => !dropped.has(id));
      expect(kept.filter(({ kind }) => kind === 'named')).toEqual(all.filter(({ kind }) => kind === 'named'));
      const newest = Math.max(...all.map(({ created }) => created));
      if (all.length > 0) expect(kept.some(({ created }) => created === newest)).toBe(true);
      expect(outdated(kept, NOW)).toEqual([]);
    }),
  );
});

test('looking every day or once after a year leaves the same', () => {
  fc.assert(
    fc.property(versions, (all) => {
      const later = NOW + 365 * DAY;
      const once = new Set(outdated(all, later));
      let daily = all;
      for (let now = NOW; now <= later; now += DAY) {
        const dropped = new Set(outdated(daily, now));
        daily = daily.filter(({ id }) => !dropped.has(id));
      }
      const dropped = new Set(outdated(daily, later));
      expect(daily.filter(({ id }) => !dropped.has(id)).map(({ id }) => id)).toEqual(
        all.filter(({ id }) => !once.has(id)).map(({ id }) => id),
      );
    }),
    { numRuns: 20 },
  );
});
