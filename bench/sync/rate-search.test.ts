import { expect, test } from 'vitest';
import { RateSearch } from './rate-search.ts';

function search(holds: (rate: number, tries: number) => boolean): {
  readonly rate: number;
  readonly tried: number[];
} {
  const found = new RateSearch(500);
  const tried: number[] = [];
  for (let rate = found.next; rate !== null; rate = found.next) {
    tried.push(rate);
    found.tell(holds(rate, tried.filter((one) => one === rate).length));
  }
  return { rate: found.highest, tried };
}

test('finds the limit to a twentieth, from below', () => {
  const { rate, tried } = search((at) => at <= 3100);
  expect(rate).toBeLessThanOrEqual(3100);
  expect(rate).toBeGreaterThan(3100 / 1.06);
  expect(tried.length).toBeLessThan(16);
});

test('one hiccup is no limit', () => {
  expect(search((at, tries) => at <= 3100 && tries > 1).rate).toBeGreaterThan(2900);
});

test('where nothing holds the answer is none', () => {
  expect(search(() => false).rate).toBe(0);
});
