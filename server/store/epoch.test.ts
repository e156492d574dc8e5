import { expect, test } from 'vitest';
import { isIntact, newEpoch } from './epoch.ts';

const found = { epoch: 7, lsn: 100, identity: 1n };
const mark = { epoch: 7, lsn: 100, identity: 1n, moved: false };

test.each([
  ['the log reaches as far as its mark', found, mark, true],
  ['the power failed before the mark was on disk', found, { ...mark, lsn: 90 }, true],
  ['the log ends before its mark', found, { ...mark, lsn: 101 }, false],
  ['the mark is of another life', found, { ...mark, epoch: 8 }, false],
  ['the mark is of another file', found, { ...mark, identity: 2n }, false],
  ['there is no mark, and something has been written', found, null, false],
  ['there is no mark, and nothing has been written', { ...found, lsn: 0 }, null, true],
  ['the database has no epoch: it is new, or of the first version', { ...found, epoch: null }, mark, false],
])('%s', (_what, database, file, intact) => {
  expect(isIntact(database, file)).toBe(intact);
});

test('a new epoch is none of those that are known', () => {
  const seen = new Set<number>([7]);
  for (let i = 0; i < 1000; i++) {
    const epoch = newEpoch([...seen, null, undefined]);
    expect(seen.has(epoch)).toBe(false);
    expect(epoch).toBeGreaterThan(0);
    expect(epoch).toBeLessThan(2 ** 32);
    seen.add(epoch);
  }
});
