import { Random } from '../../../base/random.ts';
import { GraphBuilder } from '../builder.ts';
import { fixed } from '../dim.ts';
import { affine, broadcastTo, matmul, NONE, reduceSum, reshape, slice, transpose } from '../emit.ts';
import type { Node, Program } from '../ir.ts';
import type { Values } from './run64.ts';

/** A program of ops drawn at random over inputs and states, with values to run it on. */
export interface RandomProgram {
  readonly program: Program;
  readonly feeds: Values;
  readonly state: Values;
}

export function randomProgram(seed: number, length = 40): RandomProgram {
  const random = new Random(seed);
  const g = new GraphBuilder();
  const feeds: Record<string, Float64Array> = {};
  const state: Record<string, Float64Array> = {};
  const fill = (node: Node): Float64Array =>
    Float64Array.from({ length: node.shape.reduce((a, b) => a * b, 1) }, () => random.normal());
  const made: Node[] = [];
  const states: Node[] = [];
  for (let i = 0; i < 3; i++) {
    const dims = [fixed(2 + random.below(2)), fixed(2 + random.below(3))];
    const input = g.input(`input${i}`, dims, 'f32');
    const held = g.state(`state${i}`, dims, 'parameter');
    feeds[`input${i}`] = fill(input);
    state[`state${i}`] = fill(held);
    made.push(input, held);
    states.push(held);
  }
  const pick = (): Node => random.pick(made);
  const fitting = (x: Node): Node =>
    random.pick(made.filter((node) => String(node.shape) === String(x.shape)));
  for (let i = 0; i < length; i++) made.push(grow(g, random, pick(), fitting));
  const updates: Record<string, Node> = {};
  for (const [i, held] of states.entries()) if (random.below(3) > 0) updates[`state${i}`] = fitting(held);
  const outputs = { first: pick(), second: pick() };
  return { program: g.program('random', { outputs, updates }), feeds, state };
}

function grow(g: GraphBuilder, random: Random, x: Node, fitting: (x: Node) => Node): Node {
  const rank = x.dims.length;
  switch (random.below(10)) {
    case 0:
      return g.node(random.pick(['tanh', 'sigmoid', 'relu', 'neg', 'gelu'] as const), [x], NONE);
    case 1:
      return affine(g, x, random.pick([1, 0.5, -1]), random.pick([0, 1]));
    case 2:
    case 3:
      return g.node(random.pick(['add', 'mul', 'sub', 'maximum'] as const), [x, fitting(x)], NONE);
    case 4: {
      const [a, b] = [x.dims[0], x.dims[1]];
      return a === undefined || b === undefined || rank !== 2 ? x : reshape(g, x, [b, a]);
    }
    case 5:
      return rank === 2 ? transpose(g, x, [1, 0]) : x;
    case 6:
      return rank === 2 ? g.node('tanh', [matmul(g, matmul(g, x, fitting(x), false, true), x)], NONE) : x;
    case 7: {
      const [, columns] = x.dims;
      return columns === undefined ? x : g.node('softmax', [x], NONE);
    }
    case 8: {
      const [rows, columns] = x.dims;
      if (rows === undefined || columns === undefined) return x;
      const top = slice(g, x, [0, 0], [fixed(1), columns]);
      return broadcastTo(g, top, x.dims);
    }
    default: {
      if (rank !== 2) return x;
      const sums = reduceSum(g, x, [1], true);
      return g.node('add_n', [x, fitting(x), broadcastTo(g, sums, x.dims)], NONE);
    }
  }
}
