import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import { gradients } from './autodiff.ts';
import { GraphBuilder } from './builder.ts';
import { fixed } from './dim.ts';
import { add, constant, matmul, mul, reduceSum, slice, unary } from './emit.ts';
import type { Node, OpName } from './ir.ts';
import { OP_NAMES, OPS } from './ops/table.ts';
import { simplify } from './simplify.ts';
import type { OpCase } from './testing/op-cases.ts';
import { OP_CASES } from './testing/op-cases.ts';
import { run64, runner64 } from './testing/run64.ts';

/** No input to differentiate by. */
const SOURCES: ReadonlySet<OpName> = new Set(['input', 'state', 'constant', 'iota', 'dropout_mask']);

test('every op with a gradient has a case below', () => {
  const differentiable = OP_NAMES.filter((op) => OPS[op].gradient !== null && !SOURCES.has(op));
  expect(Object.keys(OP_CASES).sort()).toEqual([...differentiable].sort());
});

/** Central differences in float64 of a weighted sum of the op's output, by every element of every input. */
function checkGradient(example: OpCase, random: Random): void {
  const g = new GraphBuilder();
  const nodes = example.inputs.map((input, i) => g.input(`x${i}`, input.shape.map(fixed), input.dtype));
  const y = example.build(g, nodes);
  const weights = Float64Array.from({ length: y.shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const axes = y.shape.map((_, axis) => axis);
  const loss = reduceSum(g, mul(g, y, g.input('weights', y.dims, 'f32')), axes);
  const targets = nodes.filter((node) => node.dtype === 'f32');
  const outputs: Record<string, Node> = { loss };
  gradients(g, loss, targets).forEach((gradient, i) => {
    outputs[`d${targets[i]?.id}`] = gradient;
    expect(gradient.shape).toEqual(targets[i]?.shape);
  });
  const run = runner64(simplify(g.program('check', { outputs })));
  const feeds: Record<string, Float64Array> = { weights };
  example.inputs.forEach((input, i) => {
    feeds[`x${i}`] = input.values.slice();
  });
  const found = run(feeds).outputs;
  const lossAt = (): number => run(feeds).outputs.loss?.[0] as number;
  nodes.forEach((node, i) => {
    if (node.dtype !== 'f32') return;
    const values = feeds[`x${i}`] as Float64Array;
    values.forEach((value, element) => {
      const h = 1e-4;
      const at = (x: number): number => {
        values[element] = x;
        return lossAt();
      };
      const near = at(value + h) - at(value - h);
      const far = at(value + 2 * h) - at(value - 2 * h);
      const expected = (8 * near - far) / (12 * h); // exact up to the fifth derivative
      values[element] = value;
      const actual = found[`d${node.id}`]?.[element] as number;
      expect(Math.abs(actual - expected)).toBeLessThan(1e-6 * (1 + Math.abs(expected)));
    });
  });
}

test.each(Object.entries(OP_CASES))('%s: the gradient is the slope', (_op, make) => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      checkGradient(make(random), random);
    }),
    { numRuns: 12 },
  );
});

test('a tensor used twice collects both gradients', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [], 'f32');
  const [dx] = gradients(g, add(g, mul(g, x, x), unary(g, 'exp', x)), [x]);
  const { d } = run64(g.program('p', { outputs: { d: dx as Node } }), { x: [2] });
  expect(d?.[0]).toBeCloseTo(4 + Math.exp(2), 12);
});

test('slices that tile a tensor give one concat; others are padded; both are right', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(2), fixed(6)], 'f32');
  const part = (at: number, width: number): Node => slice(g, x, [0, at], [fixed(2), fixed(width)]);
  const cube = (y: Node): Node => reduceSum(g, mul(g, y, unary(g, 'square', y)), [0, 1]);
  const tiled = add(g, add(g, cube(part(4, 2)), cube(part(0, 1))), cube(part(1, 3)));
  const overlapping = add(g, cube(part(0, 4)), cube(part(3, 3)));
  const [first] = gradients(g, tiled, [x]);
  const [second] = gradients(g, overlapping, [x]);
  const one = simplify(g.program('tiled', { outputs: { d: first as Node } }));
  expect(one.nodes.filter((node) => node.op === 'concat').map((node) => node.inputs.length)).toEqual([3]);
  const values = Array.from({ length: 12 }, (_, i) => i - 5);
  const expected = values.map((value) => 3 * value ** 2);
  expect([...(run64(one, { x: values }).d ?? [])]).toEqual(expected);
  const two = run64(g.program('overlapping', { outputs: { d: second as Node } }), { x: values });
  expect([...(two.d ?? [])]).toEqual(expected.map((value, i) => (i % 6 === 3 ? 2 * value : value)));
});

test('what the loss does not depend on has the gradient zero', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(3)], 'f32');
  const y = g.input('y', [fixed(2)], 'f32');
  const [, dy] = gradients(g, unary(g, 'sum_squares', x), [x, y]);
  const { d } = run64(simplify(g.program('p', { outputs: { d: dy as Node } })), {});
  expect([...(d ?? [])]).toEqual([0, 0]);
});

test('no node is made for gradients that nobody asked for', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(2), fixed(3)], 'f32');
  const w = g.input('w', [fixed(3), fixed(4)], 'f32');
  const loss = unary(g, 'sum_squares', matmul(g, x, w));
  gradients(g, loss, [w]);
  expect(g.nodes.filter((node) => node.op === 'matmul')).toHaveLength(2);
});

test('an op without a gradient says so', () => {
  const g = new GraphBuilder();
  const cache = g.input('cache', [fixed(4), fixed(2)], 'f32');
  const rows = g.input('rows', [fixed(1), fixed(2)], 'f32');
  const next = g.node('cache_write', [cache, rows, constant(g, 0, [], 'i32')], {});
  expect(() => gradients(g, unary(g, 'sum_squares', next), [rows])).toThrow(/cache_write/);
});
