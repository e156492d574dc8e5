import fc from 'fast-check';
import { xxhash32 as createOracle } from 'hash-wasm';
import { expect, test } from 'vitest';
import { xxhash32 } from './xxhash32.ts';

test('equals hash-wasm on any bytes, seed and alignment', async () => {
  await fc.assert(
    fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.nat(), fc.nat(3), async (bytes, seed, shift) => {
      const moved = new Uint8Array(bytes.length + shift);
      moved.set(bytes, shift);
      const expected = Number.parseInt(await createOracle(bytes, seed), 16);
      expect(xxhash32(moved.subarray(shift), seed)).toBe(expected);
    }),
  );
});

test('sees every flip of one bit', () => {
  const bytes = Uint8Array.from({ length: 67 }, (_, i) => i * 37);
  const whole = xxhash32(bytes);
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const flipped = bytes.slice();
    flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(xxhash32(flipped)).not.toBe(whole);
  }
});
