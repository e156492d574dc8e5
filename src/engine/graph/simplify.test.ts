import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GraphBuilder } from './builder.ts';
import { fixed } from './dim.ts';
import { add, affine, constant, mul, reshape, transpose, unary } from './emit.ts';
import { expand } from './expand.ts';
import { simplify } from './simplify.ts';
import { randomProgram } from './testing/random-program.ts';
import { runner64 } from './testing/run64.ts';

test('results and updates stay the same bit for bit, with no more nodes than before', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const { program, feeds, state } = randomProgram(seed);
      const simpler = simplify(program);
      expect(simpler.nodes.length).toBeLessThanOrEqual(program.nodes.length);
      expect(simpler.nodes.every((node, i) => node.id === i && node.inputs.every((input) => input < i))).toBe(
        true,
      );
      const before = runner64(program)(feeds, state);
      const after = runner64(simpler)(feeds, state);
      expect(after.outputs).toEqual(before.outputs);
      // A state that nothing reads or writes is gone; the others are as they were.
      expect(before.state).toMatchObject(after.state);
      for (const name of Object.keys(program.updates)) expect(after.state).toHaveProperty(name);
    }),
    { numRuns: 300 },
  );
});

test('doing it twice changes nothing more', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const once = simplify(randomProgram(seed).program);
      expect(simplify(once).nodes.length).toBe(once.nodes.length);
    }),
  );
});

test('the same thing is computed once', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(2), fixed(3)], 'f32');
  const twice = mul(g, unary(g, 'tanh', x), unary(g, 'tanh', x));
  expect(simplify(g.program('p', { outputs: { twice } })).nodes.map((node) => node.op)).toEqual([
    'input',
    'tanh',
    'mul',
  ]);
});

test('attributes, shapes and types tell nodes apart', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(2), fixed(2)], 'f32');
  const outputs = {
    a: affine(g, x, 2),
    b: affine(g, x, 3),
    c: constant(g, 0, [fixed(2)]),
    d: constant(g, 0, [fixed(3)]),
    e: constant(g, 0, [fixed(2)], 'i32'),
  };
  expect(simplify(g.program('p', { outputs })).nodes).toHaveLength(6);
});

test('steps that change nothing go', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(2), fixed(3)], 'f32');
  const turned = transpose(g, transpose(g, x, [1, 0]), [1, 0]);
  const viewed = reshape(g, reshape(g, turned, [fixed(6)]), [fixed(2), fixed(3)]);
  const y = affine(g, viewed, 1, 0);
  const simpler = simplify(g.program('p', { outputs: { y } }));
  expect(simpler.nodes.map((node) => node.op)).toEqual(['input']);
  expect(simpler.outputs).toEqual({ y: 0 });
});

test('inputs and states that nothing needs are not asked for', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [], 'f32');
  g.input('unused', [], 'f32');
  g.state('idle', [], 'parameter');
  g.state('overwritten', [], 'parameter');
  const program = simplify(g.program('p', { outputs: {}, updates: { overwritten: add(g, x, x) } }));
  expect(Object.keys(program.inputs)).toEqual(['x']);
  expect(Object.keys(program.state)).toEqual(['overwritten']);
});

test('zeros for several states are not one tensor, so that each can be written in place', () => {
  const g = new GraphBuilder();
  const dims = [fixed(4)];
  g.state('a', dims, 'gradient');
  g.state('b', dims, 'gradient');
  const updates = { a: constant(g, 0, dims), b: constant(g, 0, dims) };
  const program = simplify(g.program('p', { outputs: {}, updates }));
  expect(program.updates.a).not.toBe(program.updates.b);
});

test('what may be stored as halves stays so, whatever a program is rewritten to', () => {
  const g = new GraphBuilder();
  const x = g.input('x', [fixed(4)], 'f32');
  const program = g.program('p', { outputs: { y: unary(g, 'exp', x) }, dtype: 'float16' });
  expect(simplify(expand(program)).dtype).toBe('float16');
  expect(simplify(g.program('p', { outputs: { y: x } })).dtype).toBeUndefined();
});
