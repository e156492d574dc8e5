import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FRESH_WATCH, watchLoss } from './loss-watch.ts';

function run(losses: readonly number[], guessing: number): number | null {
  let state = FRESH_WATCH;
  for (const [i, loss] of losses.entries()) {
    const watched = watchLoss(state, loss, guessing);
    state = JSON.parse(JSON.stringify(watched.state)); // as a checkpoint would store it
    if (watched.diverged) return i;
  }
  return null;
}

const falling = Array.from({ length: 300 }, (_, i) => 1.5 + 2.7 * Math.exp(-i / 60));
const guess65 = Math.log(65);

test('a falling loss with noise, spikes of single batches and overfitting to 0 is no divergence', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.double({ min: -0.4, max: 0.4, noNaN: true })), (noise) => {
      expect(
        run(
          falling.map((x) => x + (noise.next().value ?? 0)),
          guess65,
        ),
      ).toBeNull();
    }),
    { numRuns: 20 },
  );
  expect(
    run(
      falling.map((x, i) => (i % 40 === 39 ? x + 5 : x)),
      guess65,
    ),
  ).toBeNull();
  expect(run([...falling, ...falling.map((x) => (x - 1.5) / 10)], guess65)).toBeNull();
});

test('a loss that jumps up and stays is one, within 200 updates of the jump', () => {
  const at = run([...falling, ...new Array<number>(300).fill(4.5)], guess65);
  expect(at).toBeGreaterThan(300 + 40);
  expect(at).toBeLessThan(300 + 200);
});

test('so is a loss that rises from the very start', () => {
  expect(
    run(
      Array.from({ length: 300 }, (_, i) => guess65 + i / 10),
      guess65,
    ),
  ).not.toBeNull();
});

test('a model of a large vocabulary that falls back to unigrams has diverged though it beats guessing', () => {
  const guess = Math.log(50257);
  const learnt = Array.from({ length: 500 }, (_, i) => 3 + 7.8 * Math.exp(-i / 80));
  expect(run([...learnt, ...new Array<number>(400).fill(7.6)], guess)).not.toBeNull();
});
