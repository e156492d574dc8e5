import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import { drawUniform, pickToken } from './pick.ts';

const plain = { temperature: 1, top_k: 0, top_p: 1 };
const logits = Float32Array.from([Math.log(0.5), Math.log(0.3), Math.log(0.15), Math.log(0.05)]);

function shares(picking: typeof plain, from = logits): number[] {
  const random = new Random(3);
  const counts = new Array<number>(from.length).fill(0);
  for (let i = 0; i < 20_000; i++) {
    const id = pickToken(from, picking, drawUniform(random));
    counts[id] = (counts[id] ?? 0) + 1;
  }
  return counts.map((n) => n / 20_000);
}

function near(actual: number[], expected: number[]): void {
  for (const [i, share] of expected.entries()) {
    if (share === 0) expect(actual[i]).toBe(0);
    else expect(Math.abs((actual[i] ?? 0) - share)).toBeLessThan(0.015);
  }
}

test('draws in the proportions of the softmax at the temperature', () => {
  near(shares(plain), [0.5, 0.3, 0.15, 0.05]);
  const sharp = [0.5, 0.3, 0.15, 0.05].map((p) => p ** 2);
  const sum = sharp.reduce((a, b) => a + b);
  near(
    shares({ ...plain, temperature: 0.5 }),
    sharp.map((p) => p / sum),
  );
});

test('top_k keeps the k most likely and what equals the last of them', () => {
  near(shares({ ...plain, top_k: 2 }), [0.625, 0.375, 0, 0]);
  near(shares({ ...plain, top_k: 1 }), [1, 0, 0, 0]);
  near(shares({ ...plain, top_k: 2 }, Float32Array.of(1, 0, 0, -9)), [0.576, 0.212, 0.212, 0]);
});

test('top_p keeps the least set whose probability reaches it, after temperature and top_k', () => {
  near(shares({ ...plain, top_p: 0.79 }), [0.625, 0.375, 0, 0]);
  near(shares({ ...plain, top_p: 0.81 }), [0.526, 0.316, 0.158, 0]);
  near(shares({ ...plain, top_p: 0.01 }), [1, 0, 0, 0]);
  // Of the two that top_k leaves, the first has 0.625.
  near(shares({ ...plain, top_k: 2, top_p: 0.6 }), [1, 0, 0, 0]);
});

test('a temperature of 0 takes the first maximum', () => {
  expect(pickToken(Float32Array.of(1, 3, 3, 2), { ...plain, temperature: 0 }, 0.5)).toBe(1);
});

test('whatever the settings, the token is one of the vocabulary and the most likely may come', () => {
  fc.assert(
    fc.property(
      fc.array(fc.float({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 20 }),
      fc.double({ min: 0, max: 5, noNaN: true }),
      fc.nat(25),
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      fc.nat(),
      (values, temperature, top_k, top_p, seed) => {
        const list = Float32Array.from(values);
        const id = pickToken(list, { temperature, top_k, top_p }, drawUniform(new Random(seed)));
        expect(id).toBeGreaterThanOrEqual(0);
        expect(id).toBeLessThan(list.length);
        const likelier = list.filter((x) => x > (list[id] ?? 0)).length;
        if (top_k > 0) expect(likelier).toBeLessThan(top_k);
      },
    ),
  );
});
