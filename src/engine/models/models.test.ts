import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import { run64, runner64 } from '../graph/testing/run64.ts';
import type { ModelConfig } from '../training/spec.ts';
import { buildGradients, buildLogits } from '../training/step.ts';
import type { DecodeResult } from './decode.ts';
import { buildDecodeStep } from './decode.ts';
import { models, randomWeights } from './testing/arbitrary.ts';
import { gpt2Config, llamaConfig } from './testing/configs.ts';
import { plainLogits } from './testing/plain-models.ts';

function tokensOf(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.below(11));
}

function expectClose(
  actual: ArrayLike<number> | undefined,
  expected: readonly number[],
  limit = 1e-10,
): void {
  expect(actual?.length).toBe(expected.length);
  const worst = expected.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - (actual?.[i] as number))),
    0,
  );
  expect(worst).toBeLessThan(limit);
}

/** Graphs compute rotary angles as exactly as the plain model does: both in float64. */
test('logits are those of the model as one writes it on paper, whatever its options', () => {
  fc.assert(
    fc.property(models, fc.integer(), fc.integer({ min: 1, max: 6 }), (model, seed, context) => {
      const weights = randomWeights(model, seed);
      const random = new Random(seed);
      const sequences = [tokensOf(random, context), tokensOf(random, context)];
      const program = buildLogits({ model, batch: 2, context });
      const { logits } = run64(program, { input_ids: sequences.flat() }, Object.fromEntries(weights));
      expectClose(
        logits,
        sequences.flatMap((tokens) => plainLogits(model, weights, tokens).flat()),
      );
    }),
    { numRuns: 60 },
  );
});

test('the gradient of the loss is its slope in a random direction through all parameters', () => {
  fc.assert(
    fc.property(models, fc.integer(), (drawn, seed) => {
      // A kink in relu can lie between the two points of a difference.
      const model: ModelConfig =
        drawn.model_type === 'gpt2' && drawn.activation_function === 'relu'
          ? { ...drawn, activation_function: 'gelu' }
          : drawn;
      const random = new Random(seed);
      const weights = randomWeights(model, seed);
      const labels = tokensOf(random, 8).map((token, i) => (i === 3 ? -100 : token));
      const feeds = { input_ids: tokensOf(random, 8), labels, inverse_label_count: [1 / 7] };
      const run = runner64(buildGradients({ model, batch: 2, context: 4 }));
      const direction = new Map(
        [...weights].map(([name, values]) => [name, values.map(() => random.normal())]),
      );
      const at = (step: number): Record<string, Float64Array> => {
        const moved = [...weights].map(([name, values]) => [
          name,
          values.map((value, i) => value + step * (direction.get(name)?.[i] as number)),
        ]);
        return run(feeds, Object.fromEntries(moved)).outputs;
      };
      const loss = (step: number): number => at(step).loss?.[0] as number;
      const slope = (h: number): number =>
        (8 * (loss(h) - loss(-h)) - (loss(2 * h) - loss(-2 * h))) / (12 * h);
      const expected = slope(5e-5);
      // Where two nearly equal features are normalised the loss bends within a step: differences that do not
      // agree with each other say nothing of the slope.
      fc.pre(Math.abs(slope(1e-4) - expected) < 2e-6 * (1 + Math.abs(expected)));
      const here = at(0);
      let actual = 0;
      for (const [name, values] of direction) {
        values.forEach((value, i) => {
          actual += value * (here[`grad.${name}`]?.[i] as number);
        });
      }
      expect(Math.abs(actual - expected)).toBeLessThan(1e-5 * (1 + Math.abs(expected)));
    }),
    { numRuns: 40 },
  );
});

test('decoding with a cache, in blocks of any size, gives the logits of the whole sequence', () => {
  fc.assert(
    fc.property(
      models,
      fc.integer(),
      fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }),
      (model, seed, blocks) => {
        const weights = Object.fromEntries(randomWeights(model, seed));
        const total = Math.min(
          6,
          blocks.reduce((a, b) => a + b),
        );
        const tokens = tokensOf(new Random(seed), total);
        const whole = run64(buildLogits({ model, batch: 1, context: total }), { input_ids: tokens }, weights);
        let state: Record<string, Float64Array> = weights;
        let position = 0;
        for (const wanted of blocks) {
          const block = Math.min(wanted, total - position);
          if (block === 0) break;
          const { program } = buildDecodeStep({ model, batch: 1, block, capacity: 7 });
          const places = Array.from({ length: block }, (_, i) => position + i);
          const feeds = {
            input_ids: tokens.slice(position, position + block),
            position: [position],
            positions: places,
          };
          const run = runner64(program)(feeds, state);
          state = { ...state, ...run.state };
          expectClose(
            run.outputs.logits,
            [...(whole.logits ?? [])].slice(position * 11, (position + block) * 11),
          );
          position += block;
        }
      },
    ),
    { numRuns: 40 },
  );
});

test('filler at the end of a block does not reach what comes after', () => {
  const model = llamaConfig();
  const weights = Object.fromEntries(randomWeights(model, 1));
  const { program } = buildDecodeStep({ model, batch: 1, block: 3, capacity: 6 });
  const run = runner64(program);
  const first = run({ input_ids: [4, 9, 9], position: [0], positions: [0, 1, 2] }, weights);
  const second = run(
    { input_ids: [5, 6, 0], position: [1], positions: [1, 2, 3] },
    { ...weights, ...first.state },
  );
  const clean = run({ input_ids: [4, 5, 6], position: [0], positions: [0, 1, 2] }, weights);
  expectClose(second.outputs.logits?.subarray(0, 22), [...(clean.outputs.logits ?? [])].slice(11));
});

test('filling the cache computes neither logits nor what the last block does after its keys and values', () => {
  const sizes = { model: gpt2Config(), batch: 3, block: 4, capacity: 6 };
  const ops = (result: DecodeResult): string[] =>
    buildDecodeStep({ ...sizes, result }).program.nodes.map(({ op }) => op);
  const count = (list: readonly string[], op: string): number => list.filter((name) => name === op).length;
  const [logits, cache] = [ops({ type: 'logits' }), ops({ type: 'cache' })];
  expect([count(logits, 'matmul'), count(cache, 'matmul')]).toEqual([9, 5]);
  expect([count(logits, 'cached_attention'), count(cache, 'cached_attention')]).toEqual([2, 1]);
  expect([count(logits, 'cache_append'), count(cache, 'cache_append')]).toEqual([4, 4]);
});

test('a token is drawn from what follows the last of a block, among the ids that are asked for', () => {
  const model = gpt2Config();
  const weights = Object.fromEntries(randomWeights(model, 4));
  const sizes = { model, batch: 2, block: 2, capacity: 6 };
  const feeds = { input_ids: [1, 2, 3, 4], position: [0, 0], positions: [0, 1, 0, 1] };
  const { logits = [] } = run64(buildDecodeStep(sizes).program, feeds, weights);
  const greedy = { uniform: [0, 0], temperature: [0], top_k: [0], top_p: [1] };
  for (const vocab_size of [11, 5]) {
    const { program } = buildDecodeStep({ ...sizes, result: { type: 'token', vocab_size } });
    const last = [11, 33].map((at) => [...logits].slice(at, at + vocab_size));
    const { token } = run64(program, { ...feeds, ...greedy }, weights);
    expect([...(token ?? [])]).toEqual(last.map((row) => row.indexOf(Math.max(...row))));
  }
});

test('a decode step says which state it keeps', () => {
  const { state } = buildDecodeStep({ model: llamaConfig(), batch: 1, block: 1, capacity: 16 });
  const caches = state.filter((spec) => spec.kind === 'cache');
  expect(caches.map((spec) => spec.name)).toEqual([
    'cache.model.layers.0.self_attn.k',
    'cache.model.layers.0.self_attn.v',
    'cache.model.layers.1.self_attn.k',
    'cache.model.layers.1.self_attn.v',
  ]);
  expect(caches[0]?.shape).toEqual([1, 2, 16, 2]); // key heads, not query heads
  const gpt2 = buildDecodeStep({ model: gpt2Config(), batch: 1, block: 1, capacity: 16 });
  expect(gpt2.state.filter((spec) => spec.kind === 'parameter')).toHaveLength(28);
});
