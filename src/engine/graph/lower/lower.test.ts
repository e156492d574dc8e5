import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../base/random.ts';
import { OP_CASES } from '../../devices/acceptance-cases.ts';
import type { OpCase } from '../../devices/acceptance-operands.ts';
import { GraphBuilder } from '../builder.ts';
import { fixed } from '../dim.ts';
import { add, constant, unary } from '../emit.ts';
import type { Node, OpAttributes, OpName, Program } from '../ir.ts';
import { simplify } from '../simplify.ts';
import { randomProgram } from '../testing/random-program.ts';
import { lower } from './lower.ts';
import { expectAgreement } from './testing/agree.ts';
import { runPlan } from './testing/run-plan.ts';

test('random programs compute the same when lowered', () => {
  fc.assert(
    fc.property(fc.integer(), fc.boolean(), (seed, simplified) => {
      const { program: drawn, feeds, state } = randomProgram(seed);
      const program = simplified ? simplify(drawn) : drawn;
      expectAgreement(program, lower(program), feeds, state);
      expectAgreement(program, lower(program, { fuse: false }), feeds, state);
    }),
    { numRuns: 500 },
  );
});

describe('every op has a kernel', () => {
  for (const op of Object.keys(OP_CASES) as (keyof typeof OP_CASES)[]) {
    test(op, () => {
      const seed = 77;
      const builder = new GraphBuilder();
      const feeds: Record<string, Float32Array | Int32Array> = {};
      const outputs: Record<string, Node> = {};
      const cases = OP_CASES[op](new Random(seed)) as readonly OpCase<OpName>[];
      for (const [i, { inputs, attributes, target }] of cases.entries()) {
        const nodes = inputs.map((operand, j) => {
          feeds[`${i}.${j}`] = 'ids' in operand ? operand.ids : operand.values;
          return builder.input(`${i}.${j}`, operand.shape.map(fixed), 'ids' in operand ? 'i32' : 'f32');
        });
        outputs[i] = builder.node(op, nodes, attributes as OpAttributes[typeof op], target?.map(fixed));
      }
      const program = builder.program(op, { outputs });
      expectAgreement(program, lower(program), feeds, {}, `seed ${seed}`);
      expectAgreement(program, lower(program, { fuse: false }), feeds, {}, `seed ${seed}`);
    });
  }
});

describe('states', () => {
  const shape = [fixed(3)];

  function twoStates(
    make: (g: GraphBuilder, a: Node, b: Node) => Parameters<GraphBuilder['program']>[1],
  ): Program {
    const g = new GraphBuilder();
    const [a, b] = [g.state('a', shape, 'parameter'), g.state('b', shape, 'parameter')];
    return g.program('two', make(g, a, b));
  }

  test('that change places get each the old value of the other', () => {
    const program = twoStates((_g, a, b) => ({ outputs: { a }, updates: { a: b, b: a } }));
    const run = runPlan(lower(program), {}, { a: [1, 2, 3], b: [4, 5, 6] });
    expect([...(run.outputs.a ?? [])]).toEqual([1, 2, 3]);
    expect([...(run.state.a ?? [])]).toEqual([4, 5, 6]);
    expect([...(run.state.b ?? [])]).toEqual([1, 2, 3]);
  });

  test('are computed where they are when nobody needs the old value', () => {
    const program = twoStates((g, a, b) => {
      const next = add(g, a, b);
      return { outputs: { next }, updates: { a: next } };
    });
    const plan = lower(program);
    expect(plan.calls.map((call) => call.kernel)).toEqual(['elementwise']);
    expect(plan.tensors[plan.calls[0]?.outputs[0] as number]?.place).toEqual({ in: 'state', name: 'a' });
    expect(plan.arena_bytes).toBe(0);
  });

  test('are kept until their old value has been read', () => {
    const program = twoStates((g, a, b) => {
      const next = add(g, a, b);
      return { outputs: { late: unary(g, 'exp', add(g, unary(g, 'tanh', next), a)) }, updates: { a: next } };
    });
    expectAgreement(program, lower(program), {}, { a: [1, 2, 3], b: [4, 5, 6] });
    expectAgreement(program, lower(program, { fuse: false }), {}, { a: [1, 2, 3], b: [4, 5, 6] });
  });

  test('that become a number are filled with it after they were read back', () => {
    const program = twoStates((g, a) => ({ outputs: { a }, updates: { a: constant(g, 0, shape) } }));
    const run = runPlan(lower(program), {}, { a: [1, 2, 3] });
    expect([...(run.outputs.a ?? [])]).toEqual([1, 2, 3]);
    expect([...(run.state.a ?? [])]).toEqual([0, 0, 0]);
  });
});
