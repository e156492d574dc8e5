import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from './random.ts';

test('the state alone determines what follows', () => {
  fc.assert(
    fc.property(fc.integer(), fc.nat(50), (seed, skip) => {
      const a = new Random(seed);
      for (let i = 0; i < skip; i++) a.normal();
      const b = new Random(a.state);
      expect([b.uint32(), b.uniform(), b.normal()]).toEqual([a.uint32(), a.uniform(), a.normal()]);
    }),
  );
});

test('uniform numbers fill [0, 1) evenly', () => {
  const random = new Random(1);
  const buckets = new Array<number>(16).fill(0);
  for (let i = 0; i < 160_000; i++) {
    const bucket = Math.floor(random.uniform() * 16);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  for (const count of buckets) expect(Math.abs(count - 10_000)).toBeLessThan(400);
});

test('normal numbers have mean 0 and variance 1', () => {
  const random = new Random(7);
  const xs = Array.from({ length: 100_000 }, () => random.normal());
  const mean = xs.reduce((a, b) => a + b) / xs.length;
  const variance = xs.reduce((a, x) => a + (x - mean) ** 2, 0) / xs.length;
  expect(Math.abs(mean)).toBeLessThan(0.02);
  expect(Math.abs(variance - 1)).toBeLessThan(0.02);
});
