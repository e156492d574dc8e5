import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { roundToHalf } from '../round-to-half.ts';
import type { KernelName, KernelPlan, PlanTensor } from './kernel-plan.ts';
import { lower } from './lower.ts';
import { presetStep } from './testing/presets.ts';
import { type RandomLayers, randomLayers } from './testing/random-layers.ts';
import { type PlanRun, runPlan, type Values } from './testing/run-plan.ts';

/** What is stored as a half is off by at most this part of itself. */
const HALF = 2 ** -11;

const isHalf = (plan: KernelPlan) => (id: number | null) => id !== null && plan.tensors[id]?.dtype === 'f16';

/** Kernels that a device has to teach halves, with the inputs and outputs at which they may appear. */
const TAUGHT: { readonly [K in KernelName]?: { readonly reads: RegExp; readonly writes: RegExp } } = {
  elementwise: { reads: /./, writes: /./ },
  matmul: { reads: /./, writes: /./ },
  reduce_sum: { reads: /0/, writes: /-/ },
  reduce_max: { reads: /0/, writes: /-/ },
  copy: { reads: /0/, writes: /0/ },
  embedding: { reads: /-/, writes: /0/ },
  embedding_grad: { reads: /0/, writes: /-/ },
  layer_norm: { reads: /0/, writes: /0/ },
  rms_norm: { reads: /0/, writes: /0/ },
  layer_norm_grad: { reads: /[023]/, writes: /0/ },
  rms_norm_grad: { reads: /[023]/, writes: /0/ },
  softmax: { reads: /0/, writes: /0/ },
  softmax_grad: { reads: /[01]/, writes: /0/ },
  cross_entropy: { reads: /0/, writes: /1/ },
  attention: { reads: /0/, writes: /0/ },
  attention_grad: { reads: /[013]/, writes: /0/ },
  rotary_heads: { reads: /0/, writes: /0/ },
};

/** Halves lie only where kernels and their vectors of four expect them. */
function expectInPlace(plan: KernelPlan): void {
  const half = isHalf(plan);
  for (const call of plan.calls) {
    const taught = TAUGHT[call.kernel];
    call.inputs.forEach((id, i) => {
      if (half(id)) expect(taught?.reads.test(`${i}`), `${call.kernel} reads ${i}`).toBe(true);
    });
    call.outputs.forEach((id, i) => {
      if (!half(id)) return;
      expect(taught?.writes.test(`${i}`), `${call.kernel} writes ${i}`).toBe(true);
      const { shape } = plan.tensors[id as number] as PlanTensor;
      expect((shape.at(-1) ?? 1) % 4, `${call.kernel} writes rows of ${shape}`).toBe(0);
    });
    expect(half(call.scratch)).toBe(false);
  }
  for (const { dtype, place, offset, row_stride, kind } of plan.tensors) {
    if (dtype !== 'f16') continue;
    expect([place.in, offset % 4, (row_stride ?? 0) % 4]).toEqual(['arena', 0, 0]);
    expect(['activations', 'logits']).toContain(kind);
  }
  for (const id of [...Object.values(plan.inputs), ...Object.values(plan.outputs)]) {
    expect(half(id)).toBe(false);
  }
}

function furthest(a: Float64Array, b: Float64Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);
}

/**
 * How far a result goes, in float64 and without halves, when what the network is given is off by as much as a
 * half may be. Where a norm meets features that are nearly equal this is much, at one network in 7,000 more
 * than the bound for all of them: there halves are held against it, and each of the eight layers and gradients
 * rounds once as the input was.
 */
function changeByRounding(seed: number, wanted: PlanRun): (part: keyof PlanRun, name: string) => number {
  const { program, feeds, state }: RandomLayers = randomLayers(seed);
  const plan = lower(program);
  const random = new Random(seed);
  const rounded = (all: Values): Values =>
    Object.fromEntries(
      Object.entries(all).map(([name, values]) => [
        name,
        name === 'seed'
          ? values
          : Float64Array.from(values, (x) => x * (1 + (2 * random.below(2) - 1) * HALF)),
      ]),
    );
  const runs = Array.from({ length: 16 }, () => runPlan(plan, rounded(feeds), rounded(state)));
  return (part, name) =>
    Math.max(
      ...runs.map((run) => furthest(wanted[part][name] as Float64Array, run[part][name] as Float64Array)),
    );
}

test('networks of random layers keep to the numbers of f32 within what halves lose, and halves to their kernels', () => {
  let [halves, overflows] = [0, 0];
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { program, feeds, state } = randomLayers(seed);
      const plan = lower(program, { half: true });
      expectInPlace(plan);
      halves += plan.tensors.filter(({ id }) => isHalf(plan)(id)).length;
      const [wanted, got] = [runPlan(lower(program), feeds, state), runPlan(plan, feeds, state)];
      const results = Object.values({ ...got.outputs, ...got.state });
      // A network that multiplies itself may leave what halves can hold, and then shows infinity or NaN.
      if (results.some((values) => values.some((value) => !Number.isFinite(value)))) {
        overflows++;
        return;
      }
      for (const part of ['outputs', 'state'] as const) {
        for (const [name, values] of Object.entries(wanted[part])) {
          const is = got[part][name] as Float64Array;
          const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
          const off = furthest(values, is);
          // Eight layers and as many gradients, each of which may add the error of a few roundings.
          const few = 200 * HALF * Math.max(largest, 1);
          const allowed = off <= few ? few : 16 * changeByRounding(seed, wanted)(part, name);
          expect(off, `${part} ${name} of ${seed}`).toBeLessThanOrEqual(Math.max(few, allowed));
        }
      }
    }),
    { numRuns: 300, examples: [[1_579_490_290]] },
  );
  expect(halves).toBeGreaterThan(300);
  expect(overflows).toBeLessThan(30);
});

test('without being asked for, nothing is kept as halves', () => {
  expect(lower(presetStep('gpt2', 'small').program).tensors.some(({ dtype }) => dtype === 'f16')).toBe(false);
});

describe.each(['gpt2', 'llama'] as const)('a step of %s', (type) => {
  const { program } = presetStep(type, 'medium');
  const [single, half] = [lower(program), lower(program, { half: true })];

  test('keeps nearly all of its activations as halves, in as many calls', () => {
    expectInPlace(half);
    const kept = half.tensors.filter(({ kind, place }) => kind === 'activations' && place.in === 'arena');
    const scratch = new Set(half.calls.map((call) => call.scratch));
    const bytes = (tensors: readonly PlanTensor[]) =>
      tensors
        .filter(({ id }) => !scratch.has(id))
        .reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, 1), 0);
    expect(bytes(kept.filter(({ dtype }) => dtype === 'f16')) / bytes(kept)).toBeGreaterThan(0.95);
    expect(half.calls.map(({ kernel }) => kernel)).toEqual(single.calls.map(({ kernel }) => kernel));
  });

  test('needs about half of the memory for activations, and moves fewer bytes', () => {
    expect(half.arena.activations / single.arena.activations).toBeLessThan(0.6);
    const moved = (plan: KernelPlan) => plan.calls.reduce((sum, { bytes }) => sum + bytes, 0);
    expect(moved(half)).toBeLessThan(moved(single));
  });
});

test('numbers are rounded to the nearest half, to infinity beyond the largest', () => {
  const cases: readonly (readonly [number, number])[] = [
    [1 + 2 ** -11, 1],
    [1 + 3 * 2 ** -11, 1 + 2 ** -9],
    [65_504, 65_504],
    [65_519.9, 65_504],
    [-65_520, Number.NEGATIVE_INFINITY],
    [2 ** -24, 2 ** -24],
    [2 ** -25, 0],
    [1.5 * 2 ** -24, 2 ** -23],
    [Number.NaN, Number.NaN],
  ];
  for (const [value, half] of cases) expect(roundToHalf(value)).toBe(half);
});
