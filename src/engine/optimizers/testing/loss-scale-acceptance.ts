import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import type { Device, Feeds } from '../../device.ts';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { mul } from '../../graph/emit.ts';
import { simplify } from '../../graph/simplify.ts';
import { sizeOf } from '../../graph/sizes.ts';
import { runner64 } from '../../graph/testing/run64.ts';
import type { OptimizerConfig } from '../../training/spec.ts';
import { FIRST_SCALE, GROWTH_INTERVAL, LARGEST_SCALE, lossScale } from '../loss-scale.ts';
import { buildUpdate, updateFeeds } from '../update.ts';
import { adamW } from './configs.ts';

const TENSORS = [
  { name: 'matrix', shape: [6, 5], role: 'matrix' },
  { name: 'table', shape: [4, 3], role: 'table' },
  { name: 'vector', shape: [7], role: 'vector' },
] as const;

/** An update from gradients that are fed: scaled on the way, or not at all. */
function built(config: OptimizerConfig, loss_scaling: boolean) {
  const g = new GraphBuilder();
  const parameters = TENSORS.map(({ name, shape, role }) => ({
    name,
    role,
    dims: shape.map(fixed),
    init: { type: 'zeros' as const },
  }));
  const fed = parameters.map(({ name, dims }) => g.input(`d.${name}`, dims, 'f32'));
  const gradients = loss_scaling ? fed.map((gradient) => mul(g, gradient, lossScale(g))) : fed;
  const { outputs, updates } = buildUpdate(g, config, parameters, gradients, { loss_scaling });
  return { program: simplify(g.program('update', { outputs, updates })), states: g.states };
}

/** PyTorch's GradScaler with a least and a largest scale. */
class PlainScale {
  scale = FIRST_SCALE;
  good: number;

  constructor(good: number) {
    this.good = good;
  }

  after(finite: boolean): void {
    this.good = finite ? this.good + 1 : 0;
    if (!finite) this.scale = Math.max(1, this.scale / 2);
    if (this.good < GROWTH_INTERVAL) return;
    this.good = 0;
    this.scale = Math.min(this.scale * 2, LARGEST_SCALE);
  }
}

/** Runs of updates that overflow and of such that do not. */
const sequences = fc.record({
  seed: fc.integer(),
  good: fc.integer({ min: 0, max: 12 }).map((few) => GROWTH_INTERVAL - few),
  stretches: fc.array(
    fc.record({
      length: fc.integer({ min: 1, max: 9 }),
      wrong: fc.constantFrom(null, null, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY),
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

/**
 * On any device: parameters and moments move as those of an update without scaling that was never asked to
 * do what overflows, and the scale as GradScaler's, whatever overflows when.
 */
export function lossScaleAcceptance(name: string, open: () => Promise<Device>): void {
  describe(`${name}, loss scaling`, () => {
    let device: Device;
    beforeAll(async () => {
      device = await open();
    });
    afterAll(() => device.dispose());

    test.each(['adamw', 'sgd', 'lion', 'muon'] as const)(
      '%s skips what overflows, and nothing else',
      async (optim) => {
        for (const max_grad_norm of [0, 1]) {
          const config = adamW({ optim, max_grad_norm, adam_beta2: 0.99 });
          const { program, states } = built(config, true);
          const plain = runner64(built(config, false).program);
          const session = await device.open(states);
          try {
            const executable = await session.compile(program);
            await fc.assert(
              fc.asyncProperty(sequences, async ({ seed, good, stretches }) => {
                const random = new Random(seed);
                const draw = (shape: readonly number[]) =>
                  Float32Array.from({ length: sizeOf(shape) }, () => random.normal());
                const scale = new PlainScale(good);
                for (const spec of states)
                  await session.write(spec.name, new Float32Array(sizeOf(spec.shape)));
                await session.write('good_steps', Float32Array.of(good));
                let expected: Record<string, number[]> = {};
                for (const { name, shape } of TENSORS) {
                  const values = draw(shape);
                  expected[name] = [...values];
                  await session.write(name, values);
                }
                let made = 0;
                for (const { length, wrong } of stretches) {
                  for (let i = 0; i < length; i++) {
                    const before = scale.scale;
                    const gradients = TENSORS.map(({ name, shape }) => [`d.${name}`, draw(shape)] as const);
                    const fed: Feeds = { ...Object.fromEntries(gradients), learning_rate: 0.05 };
                    if (wrong === null) {
                      const hyper = Object.entries(updateFeeds(config, 0.05, ++made));
                      const all = [...gradients.map(([key, x]) => [key, [...x]] as const)];
                      const feeds = Object.fromEntries([
                        ...all,
                        ...hyper.map(([key, x]) => [key, [x as number]]),
                      ]);
                      const { state } = plain(feeds, expected);
                      expected = Object.fromEntries(Object.entries(state).map(([key, x]) => [key, [...x]]));
                    } else {
                      const [, values] = gradients[
                        random.below(TENSORS.length)
                      ] as (typeof gradients)[number];
                      values[random.below(values.length)] = wrong;
                    }
                    const outputs = await executable.run(fed);
                    expect(outputs.loss_scale?.[0]).toBe(before);
                    expect(outputs.skipped?.[0]).toBe(wrong === null ? 0 : 1);
                    scale.after(wrong === null);
                  }
                }
                expect((await session.read('loss_scale'))[0]).toBe(scale.scale);
                expect((await session.read('good_steps'))[0]).toBe(scale.good);
                for (const [key, wanted] of Object.entries(expected)) {
                  const found = await session.read(key);
                  const error = Math.max(...wanted.map((x, i) => Math.abs(x - (found[i] as number))));
                  expect(error, key).toBeLessThan(optim === 'muon' ? 5e-3 : 5e-4);
                }
              }),
              { numRuns: 5 },
            );
          } finally {
            session.dispose();
          }
        }
      },
      240_000,
    ); // compiling for a GPU that is emulated takes its time

    test('what is skipped changes no bit', async () => {
      const { program, states } = built(adamW(), true);
      const session = await device.open(states);
      try {
        const executable = await session.compile(program);
        const feeds = (value: number): Feeds => ({
          ...Object.fromEntries(
            TENSORS.map(({ name, shape }) => [`d.${name}`, new Float32Array(sizeOf(shape)).fill(value)]),
          ),
          learning_rate: 0.1,
        });
        await executable.run(feeds(0.5));
        const read = async () => {
          const kept = states.filter((spec) => spec.name !== 'loss_scale' && spec.name !== 'good_steps');
          return Promise.all(kept.map(async (spec) => [spec.name, [...(await session.read(spec.name))]]));
        };
        const before = await read();
        await executable.run(feeds(Number.NaN));
        await executable.run(feeds(3e38)); // a number, but not when it is scaled
        expect(await read()).toEqual(before);
        expect((await session.read('loss_scale'))[0]).toBe(FIRST_SCALE / 4);
      } finally {
        session.dispose();
      }
    }, 240_000);
  });
}
