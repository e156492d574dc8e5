import { expect, test } from 'vitest';
import { expectSameBits } from './same-bits.ts';

const one = (...values: number[]) => ({ y: Float32Array.of(...values) });

test('numbers are the same whose bits are', () => {
  expectSameBits(one(1, Number.NaN, -0), one(1, Number.NaN, -0));
  expectSameBits({ y: Float32Array.of(7, 8, 9).subarray(1), steps: 3 }, { ...one(8, 9), steps: 4 });
});

test('-0, another NaN, another length and another name are none', () => {
  const nan = Float32Array.of(Number.NaN);
  new Uint32Array(nan.buffer)[0] = 0x7fc00001;
  const others: readonly (readonly [object, object])[] = [
    [one(0), one(-0)],
    [{ y: nan }, one(Number.NaN)],
    [one(1, 2), one(1)],
    [one(1), one(1, 2)],
    [{ x: Float32Array.of(1) }, one(1)],
    [{}, one(1)],
    [{ y: [1] }, one(1)],
  ];
  for (const [got, wanted] of others) {
    expect(() => expectSameBits({ ...got }, { ...wanted })).toThrow();
  }
});
