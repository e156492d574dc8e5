import fc from 'fast-check';
import { expect, test } from 'vitest';
import { generationName, parseGeneration, trailer, wholeBytes } from './generations.ts';

test('a file cut at any byte, or with anything in place of its trailer, is not whole', () => {
  const blob = Uint8Array.from({ length: 40 }, (_, i) => i);
  const file = new Uint8Array([...blob, ...trailer(blob.length)]);
  const check = (bytes: Uint8Array): number | null =>
    wholeBytes(bytes.subarray(Math.max(0, bytes.length - 16)), bytes.length);
  expect(check(file)).toBe(40);
  for (let n = 0; n < file.length; n++) expect(check(file.subarray(0, n))).toBeNull();
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), (bytes) => {
      expect(check(bytes)).toBeNull();
    }),
  );
});

test('names with dots and digits keep their generation apart', () => {
  for (const name of ['a', 'a.1', 'best.safetensors', '7']) {
    expect(parseGeneration(generationName({ name, generation: 12 }))).toEqual({ name, generation: 12 });
  }
  expect(parseGeneration('a')).toBeNull();
  expect(parseGeneration('a.x')).toBeNull();
});
