import { afterAll, beforeAll, describe, it } from 'vitest';
import type { KernelCall } from '../../../graph/lower/kernel-plan.ts';
import { scratchElements } from '../../../graph/lower/scratch.ts';
import { compare } from '../testing/compare.ts';
import { disposeAll, KINDS, type TestDevices, testDevices } from '../testing/node/devices.ts';
import type { CallCase } from '../testing/run-call.ts';
import { freshSeed, Values } from '../testing/values.ts';

let devices: TestDevices | null = null;
beforeAll(async () => {
  devices = await testDevices();
});
afterAll(() => disposeAll(devices));

const base = { scope: '', flops: 0, bytes: 0 };
/** Rows x width: single elements, widths of no vector, more rows than a chunk, rows longer than a workgroup. */
const SHAPES = [
  [1, 1],
  [70, 5],
  [37, 128],
  [3, 260],
] as const;

function norm(values: Values, kernel: 'layer_norm' | 'rms_norm', rows: number, width: number): CallCase {
  const tensors = [values.normal([rows, width]), values.normal([width])];
  if (kernel === 'layer_norm') tensors.push(values.normal([width]));
  const out = tensors.push(values.poison([rows, width])) - 1;
  const inputs = tensors.slice(0, -1).map((_, id) => id);
  const attributes = { rows, width, epsilon: 1e-5 };
  return {
    call: { kernel, inputs, outputs: [out], attributes, scratch: null, ...base },
    tensors,
    results: [out],
  };
}

function normGrad(
  values: Values,
  kernel: 'layer_norm_grad' | 'rms_norm_grad',
  rows: number,
  width: number,
  residual: boolean,
): CallCase {
  const tensors = [values.normal([rows, width]), values.normal([width]), values.normal([rows, width])];
  // The residual lies where the result goes, as in a plan.
  const dx = tensors.push(residual ? values.normal([rows, width]) : values.poison([rows, width])) - 1;
  const outputs = [dx, tensors.push(values.poison([width])) - 1];
  if (kernel === 'layer_norm_grad') outputs.push(tensors.push(values.poison([width])) - 1);
  const results = [...outputs];
  const attributes = { rows, width, epsilon: 1e-5, residual };
  const inputs = residual ? [0, 1, 2, dx] : [0, 1, 2];
  const sizes = inputs.map((id) => tensors[id]?.values.length ?? 0);
  const room = scratchElements({ kernel, attributes, sizes, wanted: outputs.map(() => true) });
  const scratch = tensors.push(values.poison([room])) - 1;
  return { call: { kernel, inputs, outputs, attributes, scratch, ...base } as KernelCall, tensors, results };
}

function loss(values: Values, rows: number, vocab: number, scalar: boolean): CallCase {
  const logits = values.normal([rows, vocab]);
  const labels = values.integers([rows], vocab);
  labels.values[rows - 1] = -100;
  const tensors = [
    logits,
    labels,
    scalar ? values.scalar(0.3) : values.normal([rows]),
    values.poison([rows]),
  ];
  const attributes = { rows, vocab, ignore_index: -100 };
  // dlogits over the logits.
  const call = {
    kernel: 'cross_entropy',
    inputs: [0, 1, 2],
    outputs: [3, 0],
    attributes,
    scratch: null,
    ...base,
  } as const;
  return { call, tensors, results: [3, 0] };
}

/** `finite`: whether the update is made, where that is asked. */
function adamw(values: Values, sizes: readonly number[], clipped: boolean, finite: 0 | 1 | null): CallCase {
  const tensors = [values.scalar(0.01), values.scalar(0.1), values.scalar(0.02), values.scalar(0.7)];
  const inputs = clipped ? [0, 1, 2, 3] : [0, 1, 2];
  if (finite !== null) inputs.push(tensors.push(values.scalar(finite)) - 1);
  const results: number[] = [];
  for (const size of sizes) {
    const second = values.normal([size]);
    const positive = { ...second, values: second.values.map(Math.abs) as Float32Array };
    const [p, m] = [tensors.push(values.normal([size])) - 1, tensors.push(values.normal([size])) - 1];
    const [v, g] = [tensors.push(positive) - 1, tensors.push(values.normal([size])) - 1];
    inputs.push(p, m, v, g);
    results.push(p, m, v);
  }
  const weight_decay = sizes.map((_, i) => (i % 2 === 0 ? 0.1 : 0));
  const attributes = {
    beta1: 0.9,
    beta2: 0.99,
    epsilon: 1e-8,
    clipped,
    guarded: finite !== null,
    weight_decay,
  };
  return {
    call: { kernel: 'adamw', inputs, outputs: results, attributes, scratch: null, ...base },
    tensors,
    results,
  };
}

describe('kernels over rows', () => {
  it.each(KINDS)(
    'norms, their gradients, the loss and the optimizer agree with float64 on %s',
    async (kind) => {
      if (devices === null) return;
      const seed = freshSeed();
      const values = new Values(seed);
      const check = (one: CallCase, what: string) =>
        compare((devices as TestDevices)[kind], one, `${one.call.kernel} ${what}, seed ${seed}`);
      for (const [i, [rows, width]] of SHAPES.entries()) {
        const what = `${rows}x${width}`;
        await check(norm(values, 'layer_norm', rows, width), what);
        await check(norm(values, 'rms_norm', rows, width), what);
        await check(normGrad(values, 'layer_norm_grad', rows, width, i % 2 === 0), what);
        await check(normGrad(values, 'rms_norm_grad', rows, width, i % 2 === 1), what);
        await check(loss(values, rows, width, i % 2 === 0), what);
      }
      for (const finite of [null, 0, 1] as const) {
        await check(adamw(values, [12, 4096 + 8, 4], true, finite), `in vectors, finite ${finite}`);
        await check(adamw(values, [1, 1030, 7], false, finite), `in elements, finite ${finite}`);
      }
    },
  );
});
