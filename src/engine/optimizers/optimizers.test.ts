import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { fixed } from '../graph/dim.ts';
import { simplify } from '../graph/simplify.ts';
import { runner64 } from '../graph/testing/run64.ts';
import type { OptimizerConfig } from '../training/spec.ts';
import { adamW } from './testing/configs.ts';
import { buildUpdate, updateFeeds } from './update.ts';

type Matrix = number[][];
interface Tensor {
  readonly name: string;
  readonly shape: readonly [number, number] | readonly [number];
  readonly role: 'table' | 'matrix' | 'vector';
}

const TENSORS: readonly Tensor[] = [
  { name: 'wide', shape: [3, 5], role: 'matrix' },
  { name: 'tall', shape: [6, 2], role: 'matrix' },
  { name: 'table', shape: [4, 3], role: 'table' },
  { name: 'bias', shape: [5], role: 'vector' },
];

const size = ({ shape }: Tensor): number => shape.reduce((a: number, b) => a * b, 1);
const config = (changes: Partial<OptimizerConfig>) => adamW({ max_grad_norm: 0, ...changes });

/** One parameter's update as its paper says, element by element, with memory of its own. */
type Plain = (p: number[], g: number[], lr: number, step: number) => number[];

function plainAdamw(c: OptimizerConfig, decay: number): Plain {
  let m: number[] = [];
  let v: number[] = [];
  return (p, g, lr, step) => {
    m = g.map((x, i) => c.adam_beta1 * (m[i] ?? 0) + (1 - c.adam_beta1) * x);
    v = g.map((x, i) => c.adam_beta2 * (v[i] ?? 0) + (1 - c.adam_beta2) * x * x);
    return p.map((x, i) => {
      const mean = (m[i] as number) / (1 - c.adam_beta1 ** step);
      const square = (v[i] as number) / (1 - c.adam_beta2 ** step);
      return x - lr * decay * x - (lr * mean) / (Math.sqrt(square) + c.adam_epsilon);
    });
  };
}

/** As torch.optim.SGD: decay is part of the gradient. */
function plainSgd(decay: number): Plain {
  return (p, g, lr) => p.map((x, i) => x - lr * ((g[i] as number) + decay * x));
}

function plainLion(c: OptimizerConfig, decay: number): Plain {
  let m: number[] = [];
  return (p, g, lr) => {
    const next = p.map((x, i) => {
      const mixed = c.adam_beta1 * (m[i] ?? 0) + (1 - c.adam_beta1) * (g[i] as number);
      return x - lr * (Math.sign(mixed) + decay * x);
    });
    m = g.map((x, i) => c.adam_beta2 * (m[i] ?? 0) + (1 - c.adam_beta2) * x);
    return next;
  };
}

function plainMuon(rows: number, columns: number, decay: number): Plain {
  let buffer: number[] = [];
  return (p, g, lr) => {
    buffer = g.map((x, i) => 0.95 * (buffer[i] ?? 0) + 0.05 * x);
    const ahead = g.map((x, i) => 0.05 * x + 0.95 * (buffer[i] as number));
    const matrix = Array.from({ length: rows }, (_, r) => ahead.slice(r * columns, (r + 1) * columns));
    const orthogonal = newtonSchulz(matrix).flat();
    const scale = 0.2 * Math.sqrt(Math.max(rows, columns));
    return p.map((x, i) => x - lr * (scale * (orthogonal[i] as number) + decay * x));
  };
}

function newtonSchulz(g: Matrix): Matrix {
  if (g.length > (g[0]?.length ?? 0)) return flip(newtonSchulz(flip(g)));
  const norm = Math.sqrt(g.flat().reduce((sum, x) => sum + x * x, 0)) + 1e-7;
  let x = g.map((row) => row.map((value) => value / norm));
  for (let step = 0; step < 5; step++) {
    const a = times(x, flip(x));
    const b = combine(-4.775, a, 2.0315, times(a, a));
    x = combine(3.4445, x, 1, times(b, x));
  }
  return x;
}

function flip(a: Matrix): Matrix {
  return (a[0] ?? []).map((_, j) => a.map((row) => row[j] as number));
}

function times(a: Matrix, b: Matrix): Matrix {
  return a.map((row) =>
    flip(b).map((column) => row.reduce((sum, x, k) => sum + x * (column[k] as number), 0)),
  );
}

function combine(s: number, a: Matrix, t: number, b: Matrix): Matrix {
  return a.map((row, i) => row.map((x, j) => s * x + t * (b[i]?.[j] as number)));
}

function plainFor(c: OptimizerConfig, tensor: Tensor): Plain {
  const decay = tensor.role === 'vector' ? 0 : c.weight_decay;
  const [rows, columns = 1] = tensor.shape;
  if (c.optim === 'sgd') return plainSgd(decay);
  if (c.optim === 'lion') return plainLion(c, decay);
  if (c.optim === 'muon' && tensor.role === 'matrix') return plainMuon(rows, columns, decay);
  return plainAdamw(c, decay);
}

function compile(c: OptimizerConfig) {
  const g = new GraphBuilder();
  const parameters = TENSORS.map(({ name, shape, role }) => ({
    name,
    role,
    dims: shape.map(fixed),
    init: { type: 'zeros' as const },
  }));
  const gradients = parameters.map(({ name, dims }) => g.input(`d.${name}`, dims, 'f32'));
  const { outputs, updates } = buildUpdate(g, c, parameters, gradients);
  return runner64(simplify(g.program('update', { outputs, updates })));
}

test.each(['adamw', 'sgd', 'lion', 'muon'] as const)(
  '%s moves parameters as its paper says, clipped as PyTorch clips',
  (optim) => {
    fc.assert(
      fc.property(fc.integer(), fc.constantFrom(0, 0.5, 100), (seed, max_grad_norm) => {
        const c = config({ optim, max_grad_norm });
        const run = compile(c);
        const random = new Random(seed);
        const draw = (tensor: Tensor): number[] =>
          Array.from({ length: size(tensor) }, () => random.normal());
        const expected = new Map(TENSORS.map((tensor) => [tensor.name, draw(tensor)]));
        const plain = new Map(TENSORS.map((tensor) => [tensor.name, plainFor(c, tensor)]));
        let state: Record<string, ArrayLike<number> & Iterable<number>> = Object.fromEntries(expected);
        for (let step = 1; step <= 5; step++) {
          const lr = 0.1 / step;
          const gradients = new Map(TENSORS.map((tensor) => [tensor.name, draw(tensor)]));
          const feeds: Record<string, number[]> = {};
          for (const [name, values] of gradients) feeds[`d.${name}`] = values;
          for (const [name, value] of Object.entries(updateFeeds(c, lr, step)))
            feeds[name] = [value as number];
          const done = run(
            feeds,
            Object.fromEntries(Object.entries(state).map(([name, v]) => [name, [...v]])),
          );
          state = done.state;
          const norm = Math.sqrt([...gradients.values()].flat().reduce((sum, x) => sum + x * x, 0));
          const factor = max_grad_norm === 0 ? 1 : Math.min(1, max_grad_norm / (norm + 1e-6));
          expect(done.outputs.grad_norm?.[0]).toBeCloseTo(norm, 10);
          for (const { name } of TENSORS) {
            const clipped = (gradients.get(name) ?? []).map((x) => x * factor);
            const next = plain.get(name)?.(expected.get(name) ?? [], clipped, lr, step) ?? [];
            expected.set(name, next);
            next.forEach((value, i) => {
              expect(state[name]?.[i]).toBeCloseTo(value, 10);
            });
          }
        }
      }),
      { numRuns: 12 },
    );
  },
);

test('muon makes the singular values of an update nearly equal', () => {
  const run = compile(config({ optim: 'muon', weight_decay: 0 }));
  const random = new Random(3);
  const feeds: Record<string, number[]> = { learning_rate: [1], bias1: [1], bias2: [1] };
  for (const tensor of TENSORS)
    feeds[`d.${tensor.name}`] = Array.from({ length: size(tensor) }, () => random.normal());
  const moved = run(feeds).state.tall ?? new Float64Array();
  const columns = [0, 1].map((j) =>
    Array.from({ length: 6 }, (_, i) => (moved[i * 2 + j] as number) / (0.2 * Math.sqrt(6))),
  );
  const [first = [], second = []] = columns;
  const dot = (a: number[], b: number[]): number => a.reduce((sum, x, i) => sum + x * (b[i] as number), 0);
  // The coefficients bring them to between about 0.7 and 1.2.
  expect(Math.abs(dot(first, second))).toBeLessThan(0.4);
  for (const column of columns) expect(Math.abs(Math.sqrt(dot(column, column)) - 0.95)).toBeLessThan(0.3);
});

test('each optimizer keeps no more state than it needs', () => {
  const kept = (optim: OptimizerConfig['optim']): string[] => {
    const g = new GraphBuilder();
    const parameters = TENSORS.map(({ name, shape, role }) => ({
      name,
      role,
      dims: shape.map(fixed),
      init: { type: 'zeros' as const },
    }));
    buildUpdate(
      g,
      config({ optim }),
      parameters,
      parameters.map(({ name, dims }) => g.input(`d.${name}`, dims, 'f32')),
    );
    return g.states.filter((spec) => spec.kind === 'optimizer').map((spec) => spec.name);
  };
  expect(kept('sgd')).toEqual([]);
  expect(kept('lion')).toEqual(['lion.m.wide', 'lion.m.tall', 'lion.m.table', 'lion.m.bias']);
  expect(kept('adamw')).toHaveLength(8);
  expect(kept('muon')).toEqual([
    'muon.m.wide',
    'muon.m.tall',
    'adam.m.table',
    'adam.v.table',
    'adam.m.bias',
    'adam.v.bias',
  ]);
});

test('a gradient that is not a number makes the norm one that is not either, so that the loop can see it', () => {
  const run = compile(config({ max_grad_norm: 1 }));
  const { grad_norm } = run({
    'd.bias': [Number.NaN, 0, 0, 0, 0],
    learning_rate: [1],
    bias1: [1],
    bias2: [1],
  }).outputs;
  expect(grad_norm?.[0]).toBeNaN();
});
