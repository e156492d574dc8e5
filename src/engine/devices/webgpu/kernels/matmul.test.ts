import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Expression } from '../../../graph/lower/expression.ts';
import type {
  KernelAttributes,
  KernelCallOf,
  KernelPlan,
  PlanTensor,
} from '../../../graph/lower/kernel-plan.ts';
import { scratchElements } from '../../../graph/lower/scratch.ts';
import { kernelContext } from '../bind.ts';
import type { WebgpuDevice } from '../device.ts';
import { compare, compareOnce } from '../testing/compare.ts';
import { SOFTWARE } from '../testing/facts.ts';
import { disposeAll, KINDS, type TestDevices, testDevices } from '../testing/node/devices.ts';
import { f16Device } from '../testing/node/f16-device.ts';
import { type CallCase, type GivenTensor, planOf, withHalves } from '../testing/run-call.ts';
import { freshSeed, Values } from '../testing/values.ts';
import { candidates, choose, shapeKey, storageOf, VARIANTS, type Variant } from './matmul/choose.ts';

type Attributes = KernelAttributes['matmul'];

let devices: TestDevices | null = null;
beforeAll(async () => {
  devices = await testDevices();
});
afterAll(() => disposeAll(devices));

const product = (m: number, n: number, k: number, more: Partial<Attributes> = {}): Attributes => ({
  batch: 1,
  m,
  n,
  k,
  transpose_a: false,
  transpose_b: false,
  shared_b: true,
  epilogue: null,
  sums: null,
  ...more,
});

/** gelu(product + bias) * mask + residual, and what went into the gelu. */
const LAYER: Expression = {
  operands: 4,
  steps: [
    { op: 'add', args: [0, 1] },
    { op: 'gelu', args: [4] },
    { op: 'dropout_mask', args: [3], rate: 0.25, stream: 9 },
    { op: 'mul', args: [5, 6] },
    { op: 'add', args: [7, 2] },
  ],
  stores: [8, 4],
};
const SUM: Expression = { operands: 2, steps: [{ op: 'add', args: [0, 1] }], stores: [2] };

interface Wish {
  readonly strided?: boolean;
  readonly layer?: boolean;
  /** Adds the product to what is in the result already. */
  readonly onto?: boolean;
  readonly offset?: number;
}

function caseOf(values: Values, base: Attributes, wish: Wish): CallCase {
  const { batch, m, n, k, transpose_a, transpose_b, shared_b, sums } = base;
  const attributes = { ...base, epilogue: wish.layer ? LAYER : wish.onto ? SUM : null };
  const gap = (width: number) => (wish.strided ? width + 4 * (1 + values.below(3)) : null);
  const lead = batch === 1 ? [] : [batch];
  const a = [...lead, ...(transpose_a ? [k, m] : [m, k])];
  const b = [...(shared_b ? [] : lead), ...(transpose_b ? [n, k] : [k, n])];
  const y = [...lead, m, n];
  const tensors = [
    values.normal(a, gap(a.at(-1) as number), wish.offset ?? 0),
    values.normal(b, gap(b.at(-1) as number)),
  ];
  const add = (tensor: (typeof tensors)[number]) => tensors.push(tensor) - 1;
  const inputs = [0, 1];
  const outputs: number[] = [];
  if (wish.layer) {
    inputs.push(add(values.normal([n])), add(values.normal(y, gap(n))));
    inputs.push(add(values.integers([], 1000)));
    outputs.push(add(values.poison(y, gap(n))), add(values.poison(y)));
  } else if (wish.onto) {
    outputs.push(add(values.normal(y)));
    inputs.push(outputs[0] as number);
  } else outputs.push(add(values.poison(y, gap(n))));
  if (sums !== null) outputs.push(add(values.poison([sums === 'a' ? m : n])));
  const results = [...outputs];
  const sizes = inputs.map((id) => tensors[id]?.values.length ?? 0);
  const room = scratchElements({ kernel: 'matmul', attributes, sizes, wanted: outputs.map(() => true) });
  const scratch = room === 0 ? null : add(values.poison([room]));
  const call = {
    kernel: 'matmul',
    inputs,
    outputs,
    attributes,
    scratch,
    scope: '',
    flops: 0,
    bytes: 0,
  } as const;
  return { call, tensors, results };
}

function contextOf({ gpu }: WebgpuDevice, { tensors }: KernelPlan) {
  const state = { order: [], offsets: new Map(), total: 0 };
  return kernelContext({ tensors, state, adapter: gpu.facts, tuned: gpu.tuned });
}

/** Every layout, edges of all kinds, each way of finishing. */
const CASES: readonly [Attributes, Wish][] = [
  [product(1, 1, 1), {}],
  [product(1, 65, 1, { transpose_b: true }), { layer: true }],
  [product(5, 65, 7), { layer: true }],
  [product(37, 20, 12, { transpose_a: true }), {}],
  [product(36, 20, 33, { transpose_a: true, sums: 'b' }), { onto: true }],
  [product(67, 64, 128), { layer: true, strided: true }],
  [product(70, 68, 24, { transpose_b: true }), { strided: true, layer: true }],
  [product(17, 66, 40, { transpose_a: true, transpose_b: true, sums: 'a' }), { offset: 3 }],
  [product(6, 9, 8, { batch: 3, shared_b: false }), { layer: true }],
  [product(12, 8, 20, { batch: 2, shared_b: false, transpose_a: true, transpose_b: true }), {}],
  [product(8, 16, 12, { batch: 4, transpose_a: true }), { layer: true, strided: true }],
  [product(64, 128, 600, { transpose_a: true, sums: 'b' }), { onto: true }],
];

// Barriers cost a software adapter dearly, and other work on the machine more.
const PATIENCE = { timeout: 180_000 };

describe('matmul', PATIENCE, () => {
  for (const kind of KINDS) {
    it(`as chosen for ${kind} agrees with float64 in every layout`, async (context) => {
      if (devices === null) return context.skip('needs Dawn with SwiftShader or a GPU');
      for (const [attributes, wish] of CASES) {
        const seed = freshSeed();
        await compare(
          devices[kind],
          caseOf(new Values(seed), attributes, wish),
          `${shapeKey(attributes)} ${JSON.stringify(wish)}, seed ${seed}`,
        );
      }
    });
  }

  /** Makes the call, and the same with halves, take the variant on a device. */
  const force = ({ gpu }: WebgpuDevice, one: CallCase, variant: Variant): void => {
    for (const case_ of [one, withHalves(one)]) {
      const { call, plan } = { call: case_.call as KernelCallOf<'matmul'>, plan: planOf(case_) };
      const storage = storageOf(call, (id) => plan.tensors[id] as PlanTensor);
      gpu.tuned.set(shapeKey(call.attributes, storage), variant);
    }
  };
  const names = Object.keys(VARIANTS) as Variant[];
  const forced = names.filter((variant) => !variant.endsWith(' f16'));
  it.each(forced)('as %s agrees with float64 on a product of several tiles', async (variant) => {
    if (devices === null) return;
    const { gpu } = devices;
    const k = variant.endsWith('split') ? 516 : 36;
    const few = variant === 'narrow' || variant === 'registers few rows';
    // Compiling is what takes long: f32 by the one, halves by the other.
    for (const [base, wish, halves] of [
      [product(few ? 11 : 131, 130, k + 1), { layer: true }, false],
      [
        product(few ? 3 : 132, 68, k, { transpose_a: true, transpose_b: true, sums: few ? null : 'a' }),
        {},
        true,
      ],
    ] as const) {
      const seed = freshSeed();
      const one = caseOf(new Values(seed), base, wish);
      force(gpu, one, variant);
      const what = `${variant} ${shapeKey(base)}, seed ${seed}`;
      if (halves) await compareOnce(gpu, withHalves(one), `${what} with halves`, 2 ** -10);
      else await compareOnce(gpu, one, what, 1e-5);
    }
  });

  const tiled = names.filter((variant) => variant.endsWith(' f16'));
  it.each(tiled)('as %s agrees with float64 on halves', async (variant) => {
    const device = await f16Device();
    if (device === null) return;
    try {
      const k = variant.includes('split') ? 516 : 36;
      const cases: readonly [Attributes, Wish][] = [
        [product(67, 68, k), { layer: true }],
        [product(68, 72, k + 1, { transpose_a: true, sums: 'b' }), {}],
        [product(33, 36, k, { transpose_b: true }), { strided: true }],
      ];
      // The text is the same but for its numbers: one of them shows every layout, and that weights may stay f32.
      const thorough = variant === '32x32 f16';
      for (const [base, wish] of thorough ? cases : cases.slice(0, 1)) {
        const seed = freshSeed();
        const one = withHalves(caseOf(new Values(seed), base, wish));
        const weights = one.tensors.map(
          (tensor, id): GivenTensor => (id === 1 ? { ...tensor, dtype: 'f32' } : tensor),
        );
        const tried = thorough && base.sums !== 'b' ? [one, { ...one, tensors: weights }] : [one];
        for (const half of tried) {
          const plan = planOf(half);
          const call = half.call as KernelCallOf<'matmul'>;
          const storage = storageOf(call, (id) => plan.tensors[id] as PlanTensor);
          device.gpu.tuned.set(shapeKey(base, storage), variant);
          expect(choose(call, contextOf(device, plan))).toBe(variant);
          await compareOnce(device, half, `${variant} ${shapeKey(base, storage)}, seed ${seed}`, 2 ** -9);
        }
      }
    } finally {
      device.dispose();
    }
  });

  it('tries tiles of f16 where the adapter has them and halves are multiplied, and nowhere else', () => {
    const one = caseOf(new Values(1), product(256, 256, 64), {});
    const of = (case_: CallCase, f16: boolean) => {
      const call = case_.call as KernelCallOf<'matmul'>;
      const storage = storageOf(call, (id) => planOf(case_).tensors[id] as PlanTensor);
      const adapter = { ...SOFTWARE, software: false, f16 };
      return candidates(call.attributes, adapter, storage).filter((name) => name.endsWith(' f16'));
    };
    expect(of(withHalves(one), true)).toEqual(['32x32 f16', '64x64 f16']);
    expect(of(withHalves(one), false)).toEqual([]);
    expect(of(one, true)).toEqual([]);
  });

  it('takes products of random shapes', async (context) => {
    if (devices === null) return context.skip('needs Dawn with SwiftShader or a GPU');
    const seed = freshSeed();
    const values = new Values(seed);
    for (let round = 0; round < 8; round++) {
      const flip = () => values.below(2) === 1;
      const attributes = product(1 + values.below(80), 1 + values.below(80), 1 + values.below(80), {
        transpose_a: flip(),
        transpose_b: flip(),
      });
      const wish = { strided: flip(), layer: flip() };
      const kind = flip() ? 'gpu' : 'software';
      const one = caseOf(values, attributes, wish);
      const halves = round % 2 === 1;
      await compareOnce(
        devices[kind],
        halves ? withHalves(one) : one,
        `${kind} ${shapeKey(attributes)} ${JSON.stringify(wish)}, halves ${halves}, seed ${seed} round ${round}`,
        halves ? 2 ** -10 : 1e-5,
      );
    }
    expect(seed).toBeGreaterThanOrEqual(0);
  });
});
