import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createDataOrder, sequencesPerEpoch } from './order.ts';

const sizes = fc.record({
  seed: fc.integer(),
  context: fc.integer({ min: 1, max: 40 }),
  tokens: fc.integer({ min: 2, max: 4000 }),
  epoch: fc.nat(5),
});

test('each epoch visits each of its blocks once, neighbours that do not overlap, inside the training part', () => {
  fc.assert(
    fc.property(sizes, ({ seed, context, tokens, epoch }) => {
      fc.pre(tokens > context);
      const order = createDataOrder({ seed, tokens, context });
      const n = order.sequencesPerEpoch;
      const starts = Array.from({ length: n }, (_, i) => order.start(epoch * n + i)).sort((a, b) => a - b);
      for (const [i, start] of starts.entries()) expect(start).toBe((starts[0] ?? 0) + i * context);
      expect(starts[0]).toBeGreaterThanOrEqual(0);
      expect((starts.at(-1) ?? 0) + context + 1).toBeLessThanOrEqual(tokens);
      // No more than two blocks' worth of text is left out of an epoch.
      expect(tokens - n * context).toBeLessThanOrEqual(2 * context);
    }),
  );
});

test('random access equals reading one after the other', () => {
  fc.assert(
    fc.property(sizes, fc.array(fc.nat(500), { maxLength: 20 }), ({ seed, context, tokens }, indices) => {
      fc.pre(tokens > context);
      const sequential = createDataOrder({ seed, tokens, context });
      const all = Array.from({ length: 501 }, (_, i) => sequential.start(i));
      const random = createDataOrder({ seed, tokens, context });
      for (const i of indices) expect(random.start(i)).toBe(all[i]);
    }),
  );
});

test('epochs differ in order and in where they start; seeds differ', () => {
  const options = { seed: 1, tokens: 10_000, context: 50 };
  const order = createDataOrder(options);
  const n = order.sequencesPerEpoch;
  const epochs = Array.from({ length: 8 }, (_, e) =>
    Array.from({ length: n }, (_, i) => order.start(e * n + i)),
  );
  expect(new Set(epochs.map((starts) => Math.min(...starts))).size).toBeGreaterThan(4);
  expect(new Set(epochs.map((starts) => starts.join())).size).toBe(8);
  const other = createDataOrder({ ...options, seed: 2 });
  expect(Array.from({ length: n }, (_, i) => other.start(i))).not.toEqual(epochs[0]);
});

test('each block is about as likely to come first as any other', () => {
  const counts = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 10_000; seed++) {
    const order = createDataOrder({ seed, tokens: 111, context: 10 });
    const block = Math.floor(order.start(0) / 10);
    counts[block] = (counts[block] ?? 0) + 1;
  }
  for (const count of counts.slice(1, 9)) expect(Math.abs(count - 1000)).toBeLessThan(150);
});

test('data that does not fill one sequence is refused, one that just does is read', () => {
  expect(() => createDataOrder({ seed: 1, tokens: 64, context: 64 })).toThrow(
    expect.objectContaining({ code: 'ANN-TRN-001' }),
  );
  expect(createDataOrder({ seed: 1, tokens: 65, context: 64 }).start(7)).toBe(0);
  expect(sequencesPerEpoch(64, 64)).toBe(0);
});
