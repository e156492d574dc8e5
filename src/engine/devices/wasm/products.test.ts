import fc from 'fast-check';
import { describe, it } from 'vitest';
import { Random } from '../../../base/random.ts';
import type { Expression } from '../../graph/lower/expression.ts';
import type { KernelAttributes } from '../../graph/lower/kernel-plan.ts';
import { agreement, type Feeds } from './node/testing/agreement.ts';
import { LoneCall } from './testing/lone-call.ts';

const { check } = agreement();

function normal(random: Random, count: number): Float32Array {
  return Float32Array.from({ length: count }, () => random.normal());
}

/** Mostly small, with the sizes at which tiles end. */
const extent = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.constantFrom(1, 6, 8, 24, 48, 65, 130));
const depth = fc.oneof(fc.integer({ min: 1, max: 40 }), fc.constantFrom(1, 4, 64, 512, 513, 777));

const EPILOGUES: Readonly<Record<string, { expression: Expression; operands: readonly ('row' | 'all')[] }>> =
  {
    bias: {
      expression: { operands: 2, steps: [{ op: 'add', args: [0, 1] }], stores: [2] },
      operands: ['row'],
    },
    'bias and residual': {
      expression: {
        operands: 3,
        steps: [
          { op: 'add', args: [0, 1] },
          { op: 'add', args: [2, 3] },
        ],
        stores: [4],
      },
      operands: ['row', 'all'],
    },
    'sum so far': {
      expression: { operands: 2, steps: [{ op: 'add', args: [1, 0] }], stores: [2] },
      operands: ['all'],
    },
    ...Object.fromEntries(
      (['gelu', 'gelu_new', 'silu'] as const).map((op) => [
        `bias, ${op} and its slope`,
        {
          expression: {
            operands: 2,
            steps: [
              { op: 'add', args: [0, 1] },
              { op, args: [2] },
              { op: `${op}_slope`, args: [2] },
            ],
            stores: [4, 3],
          } satisfies Expression,
          operands: ['row'] as const,
        },
      ]),
    ),
    'bias, gelu, both kept': {
      expression: {
        operands: 2,
        steps: [
          { op: 'add', args: [0, 1] },
          { op: 'gelu', args: [2] },
        ],
        stores: [2, 3],
      },
      operands: ['row'],
    },
    'silu and its slope': {
      expression: {
        operands: 1,
        steps: [
          { op: 'silu', args: [0] },
          { op: 'silu_slope', args: [0] },
        ],
        stores: [2, 1],
      },
      operands: [],
    },
    'gradient of gelu': {
      expression: { operands: 2, steps: [{ op: 'gelu_grad', args: [1, 0] }], stores: [2] },
      operands: ['all'],
    },
    'times a slope': {
      expression: { operands: 2, steps: [{ op: 'mul', args: [1, 0] }], stores: [2] },
      operands: ['all'],
    },
    'kept, and times another': {
      expression: { operands: 2, steps: [{ op: 'mul', args: [0, 1] }], stores: [0, 2] },
      operands: ['all'],
    },
    'gradients of a gate and of what is up': {
      expression: {
        operands: 4,
        steps: [
          { op: 'mul', args: [0, 1] },
          { op: 'mul', args: [0, 2] },
          { op: 'mul', args: [3, 5] },
        ],
        stores: [4, 6],
      },
      operands: ['all', 'all', 'all'],
    },
    'gate times what is up': {
      expression: {
        operands: 2,
        steps: [
          { op: 'silu', args: [1] },
          { op: 'mul', args: [2, 0] },
        ],
        stores: [0, 3],
      },
      operands: ['all'],
    },
  };

interface Drawn {
  readonly seed: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly batch: number;
  readonly shared: boolean;
  readonly ta: boolean;
  readonly tb: boolean;
  readonly gaps: readonly [number, number, number];
  readonly epilogue: string | null;
  readonly sums: 'a' | 'b' | null;
}

const drawn: fc.Arbitrary<Drawn> = fc.record({
  seed: fc.integer(),
  m: extent,
  n: extent,
  k: depth,
  batch: fc.constantFrom(1, 1, 3),
  shared: fc.boolean(),
  ta: fc.boolean(),
  tb: fc.boolean(),
  gaps: fc.tuple(fc.constantFrom(0, 0, 3), fc.constantFrom(0, 0, 5), fc.constantFrom(0, 0, 7)),
  epilogue: fc.constantFrom(null, null, ...Object.keys(EPILOGUES)),
  sums: fc.constantFrom(null, null, 'a' as const, 'b' as const),
});

function product({ seed, m, n, k, batch, shared, ta, tb, gaps, epilogue, sums }: Drawn) {
  const random = new Random(seed);
  const call = new LoneCall();
  const feeds: Feeds = {};
  const fed = (name: string, shape: readonly number[], gap: number): number => {
    const width = shape[shape.length - 1] as number;
    const id = call.input(name, shape, gap > 0 ? width + gap : null);
    feeds[name] = normal(random, call.elements(id));
    return id;
  };
  const lead = batch > 1 ? [batch] : [];
  const a = fed('a', [...lead, ...(ta ? [k, m] : [m, k])], gaps[0]);
  const b = fed('b', [...(shared ? [] : lead), ...(tb ? [n, k] : [k, n])], gaps[1]);
  const chosen = epilogue === null ? null : (EPILOGUES[epilogue] ?? null);
  const operands = (chosen?.operands ?? []).map((kind, i) =>
    fed(`operand ${i}`, kind === 'row' ? [n] : [...lead, m, n], 0),
  );
  const shape = [...lead, m, n];
  const gap = gaps[2] > 0 ? n + gaps[2] : null;
  const outputs = (chosen?.expression.stores ?? [0]).map((_, i) => call.output(`out ${i}`, shape, gap));
  const summed = batch > 1 ? null : sums;
  if (summed !== null) outputs.push(call.output('sums', [summed === 'a' ? m : n]));
  const attributes: KernelAttributes['matmul'] = {
    ...{ batch, m, n, k, transpose_a: ta, transpose_b: tb, shared_b: shared },
    ...{ epilogue: chosen?.expression ?? null, sums: summed },
  };
  const plan = call.plan({ kernel: 'matmul', inputs: [a, b, ...operands], outputs, attributes });
  return { plan, feeds };
}

describe('matrix products', () => {
  it('are right in any shape, layout and number of threads', async () => {
    await fc.assert(
      fc.asyncProperty(drawn, async (case_) => {
        const { plan, feeds } = product(case_);
        await check(plan, feeds, case_.k + 10);
      }),
      { numRuns: 200 },
    );
  });

  const plain = { seed: 1, batch: 1, shared: true, gaps: [0, 0, 0], epilogue: null, sums: null } as const;
  for (const [name, sizes] of Object.entries({
    'what is packed in parts': { m: 12, n: 1500, k: 1024, ta: false, tb: true },
    'a batch that is packed in parts': {
      m: 9,
      n: 300,
      k: 900,
      ta: false,
      tb: false,
      batch: 7,
      shared: false,
    },
    'a single row': { m: 1, n: 2000, k: 300, ta: false, tb: false },
    'a single row, transposed': { m: 1, n: 300, k: 2000, ta: false, tb: true },
    'a few rows through an expression': { m: 7, n: 1030, k: 70, ta: false, tb: false, epilogue: 'bias' },
  })) {
    it(`${name} is right`, async () => {
      const case_ = { ...plain, ...sizes };
      const { plan, feeds } = product(case_);
      await check(plan, feeds, case_.k);
    });
  }

  it('what is not finite goes where arithmetic sends it, and nowhere else', async () => {
    for (const [m, ta] of [
      [3, false],
      [13, false],
      [13, true],
    ] as const) {
      const { plan, feeds } = product({ ...plain, m, n: 13, k: 11, ta, tb: false });
      const a = feeds.a as Float32Array;
      const b = feeds.b as Float32Array;
      a[0] = Number.NaN;
      a[ta ? 1 + m : 11 + 1] = Number.POSITIVE_INFINITY;
      b[4 * 13 + 12] = Number.NEGATIVE_INFINITY;
      b[5 * 13 + 3] = 1e-41;
      a[ta ? 2 + 5 * m : 2 * 11 + 5] = 1e3;
      await check(plan, feeds, 11);
    }
  });
});
