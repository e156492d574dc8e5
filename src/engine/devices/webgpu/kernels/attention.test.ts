import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AttentionGradKernel, AttentionKernel } from '../../../graph/lower/kernel-plan.ts';
import { stateLayout } from '../../../graph/lower/state-layout.ts';
import { runPlan } from '../../../graph/lower/testing/run-plan.ts';
import { dispatchesOf } from '../schedule.ts';
import { compare } from '../testing/compare.ts';
import { SOFTWARE } from '../testing/facts.ts';
import { disposeAll, KINDS, type TestDevices, testDevices } from '../testing/node/devices.ts';
import { type CallCase, planOf } from '../testing/run-call.ts';
import { freshSeed, Values } from '../testing/values.ts';

let devices: TestDevices | null = null;
beforeAll(async () => {
  devices = await testDevices();
});
afterAll(() => disposeAll(devices));

/** batch, time, heads, key heads, head size, dropout; gradients of heads of 32 are rotated back. */
const CASES = [
  [1, 1, 1, 1, 1, 0],
  [1, 9, 6, 1, 5, 0.2],
  [2, 70, 4, 2, 16, 0.3],
  [2, 13, 2, 2, 32, 0],
  [1, 130, 2, 1, 4, 0],
] as const;

function attributesOf([batch, time, heads, key_heads, head_size, rate]: readonly number[]): AttentionKernel {
  const [b = 1, t = 1, h = 1, kh = 1, d = 1, r = 0] = [batch, time, heads, key_heads, head_size, rate];
  return { batch: b, time: t, heads: h, key_heads: kh, head_size: d, scale: 0.4, rate: r, stream: 5 };
}

function forward(values: Values, attributes: AttentionKernel): CallCase {
  const { batch, time, heads, key_heads, head_size, rate } = attributes;
  const tensors = [
    values.normal([batch * time, (heads + 2 * key_heads) * head_size]),
    values.integers([], 99),
    values.poison([batch * time, heads * head_size]),
    values.poison([batch, heads, time]),
  ];
  const inputs = rate > 0 ? [0, 1] : [0];
  const base = { scratch: null, scope: '', flops: 0, bytes: 0 };
  return {
    call: { kernel: 'attention', inputs, outputs: [2, 3], attributes, ...base },
    tensors,
    results: [2, 3],
  };
}

/** The gradient of a call whose results float64 gives. */
function backward(
  values: Values,
  before: CallCase,
  attributes: AttentionKernel,
  turned: AttentionGradKernel['turned'] = null,
): CallCase {
  const feeds = Object.fromEntries(before.tensors.map((tensor, id) => [`t${id}`, tensor.values]));
  const { outputs } = runPlan(planOf(before), feeds);
  const [qkv, seed, out, lse] = before.tensors;
  if (qkv === undefined || seed === undefined || out === undefined || lse === undefined)
    throw new RangeError();
  const room = attributes.batch * attributes.heads * attributes.time;
  const tensors = [
    qkv,
    { ...out, values: Float32Array.from(outputs.t2 ?? []) },
    { ...lse, values: Float32Array.from(outputs.t3 ?? []) },
    values.normal(out.shape),
    seed,
    values.poison(qkv.shape),
    values.poison([room]),
    values.integers([attributes.time], 99),
  ];
  const inputs = attributes.rate > 0 ? [0, 1, 2, 3, 4] : [0, 1, 2, 3];
  if (turned !== null) inputs.push(7);
  const base = { scratch: 6, scope: '', flops: 0, bytes: 0 };
  return {
    call: { kernel: 'attention_grad', inputs, outputs: [5], attributes: { ...attributes, turned }, ...base },
    tensors,
    results: [5],
  };
}

// Long texts take a software adapter long to compile.
describe('attention and its gradient', { timeout: 180_000 }, () => {
  it.each(KINDS)('agree with float64 as %s computes them', async (kind) => {
    if (devices === null) return;
    for (const numbers of CASES) {
      const attributes = attributesOf(numbers);
      const seed = freshSeed();
      const values = new Values(seed);
      const what = `${numbers.join(' ')} seed ${seed}`;
      const one = forward(values, attributes);
      await compare(devices[kind], one, `attention ${what}`);
      const turned = attributes.head_size === 32 ? { theta: 10_000 } : null;
      await compare(devices[kind], backward(values, one, attributes, turned), `attention_grad ${what}`);
    }
  });

  it.each(['software', 'plain'] as const)('agree with float64 with the largest heads on %s', async (kind) => {
    if (devices === null) return;
    for (const [numbers, turned] of [
      [[1, 6, 2, 1, 256, 0], null],
      [[2, 5, 3, 2, 128, 0.3], { theta: 10_000 }],
      [[1, 7, 1, 1, 250, 0], null],
    ] as const) {
      const attributes = attributesOf(numbers);
      const seed = freshSeed();
      const values = new Values(seed);
      const what = `${numbers.join(' ')} seed ${seed}`;
      const one = forward(values, attributes);
      if (kind === 'software' && numbers[4] === 256) await compare(devices[kind], one, `attention ${what}`);
      await compare(devices[kind], backward(values, one, attributes, turned), `attention_grad ${what}`);
    }
  });

  it('are as short a text for large heads as for small ones where the processor compiles them', () => {
    for (const adapter of [SOFTWARE, { ...SOFTWARE, subgroups: false, subgroup_size: [0, 0] as const }]) {
      const lengthOf = (head_size: number) => {
        const seed = freshSeed();
        const values = new Values(seed);
        const attributes = attributesOf([1, 6, 2, 1, head_size, 0]);
        const plan = planOf(backward(values, forward(values, attributes), attributes));
        const { tensors } = plan;
        const [call] = plan.calls;
        if (call === undefined) throw new RangeError('a call');
        const state = stateLayout([]);
        return dispatchesOf(call, { tensors, state, adapter, tuned: new Map() }).reduce(
          (sum, { code }) => sum + code.length,
          0,
        );
      };
      expect(lengthOf(256)).toBeLessThan(lengthOf(16));
    }
  });
});
