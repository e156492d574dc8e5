import fc from 'fast-check';
import { expect, test } from 'vitest';
import { prefillBlocks } from './prefill.ts';

const sizes = (from: number, to: number, capacity = 1024): number[] =>
  prefillBlocks([{ from, to }], capacity).map(({ size }) => size);

test('long prompts go in large blocks, what is left in the smallest that holds it', () => {
  expect(sizes(0, 0)).toEqual([]);
  expect(sizes(0, 3)).toEqual([8]);
  expect(sizes(0, 100)).toEqual([128]);
  expect(sizes(0, 600)).toEqual([256, 256, 128]);
});

test('a block that would end behind the cache starts earlier, and a small cache is read at once', () => {
  expect(prefillBlocks([{ from: 1000, to: 1024 }], 1024)).toEqual([{ size: 32, starts: [992] }]);
  expect(prefillBlocks([{ from: 0, to: 5 }], 6)).toEqual([{ size: 6, starts: [0] }]);
});

test('every token of every sequence is read, in order, inside the cache', () => {
  const span = fc
    .tuple(fc.nat(300), fc.nat(300))
    .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));
  fc.assert(
    fc.property(fc.array(span, { minLength: 1, maxLength: 4 }), fc.nat(200), (spans, room) => {
      const capacity = Math.max(1, ...spans.map(({ to }) => to)) + room;
      const done = spans.map(({ from }) => from);
      for (const { size, starts } of prefillBlocks(spans, capacity)) {
        for (const [b, start] of starts.entries()) {
          expect(start).toBeGreaterThanOrEqual(0);
          expect(start + size).toBeLessThanOrEqual(capacity);
          expect(start).toBeLessThanOrEqual(done[b] as number); // no gap
          done[b] = Math.max(done[b] as number, start + size);
        }
      }
      for (const [b, { to }] of spans.entries()) expect(done[b]).toBeGreaterThanOrEqual(to);
    }),
  );
});
