import { Random } from '../../../../base/random.ts';
import { gradients } from '../../autodiff.ts';
import { GraphBuilder } from '../../builder.ts';
import type { Dim } from '../../dim.ts';
import { fixed, multiply } from '../../dim.ts';
import {
  add,
  affine,
  broadcastTo,
  constant,
  matmul,
  mul,
  NONE,
  reduceSum,
  reshape,
  slice,
  unary,
} from '../../emit.ts';
import type { Node, Program } from '../../ir.ts';
import { simplify } from '../../simplify.ts';
import type { Values } from './run-plan.ts';

export interface RandomLayers {
  readonly program: Program;
  readonly feeds: Values;
  readonly state: Values;
}

/**
 * A small network of random layers as models have them (products with biases and activations, norms,
 * dropout, residual sums, columns cut and joined, batches of matrices), its gradients added to states or
 * read back.
 */
export function randomLayers(seed: number): RandomLayers {
  const random = new Random(seed);
  const g = new GraphBuilder();
  const [batch, time] = [fixed(1 + random.below(3)), fixed(2 + random.below(4))];
  const rows = multiply(batch, time);
  const widths = [fixed(4), fixed(6), fixed(8)];
  const dropping = g.input('seed', [], 'i32');
  const values: Record<string, Float64Array> = {};
  const parameters: Node[] = [];
  const parameter = (...dims: Dim[]): Node => {
    const node = g.state(`w${parameters.length}`, dims, 'parameter');
    values[`w${parameters.length}`] = draw(node);
    parameters.push(node);
    return node;
  };
  const draw = (node: Node): Float64Array =>
    Float64Array.from({ length: node.shape.reduce((a, b) => a * b, 1) }, () => 0.5 * random.normal());
  const width = (x: Node): Dim => x.dims[1] as Dim;
  const linear = (x: Node, to: Dim): Node =>
    random.below(2) === 0
      ? matmul(g, x, parameter(width(x), to))
      : matmul(g, x, parameter(to, width(x)), false, true);

  const input = g.input('x', [rows, random.pick(widths)], 'f32');
  const made: Node[] = [input];
  const layers: ((x: Node) => Node)[] = [
    (x) => linear(x, random.pick(widths)),
    (x) => {
      const to = random.pick(widths);
      return add(g, linear(x, to), parameter(to));
    },
    (x) => unary(g, random.pick(['gelu_new', 'silu', 'tanh', 'gelu', 'sigmoid'] as const), x),
    (x) => add(g, x, random.pick(made.filter((other) => width(other).value === width(x).value))),
    (x) => mul(g, x, g.node('dropout_mask', [dropping], { rate: 0.3, stream: random.below(3) }, x.dims)),
    (x) => g.node('layer_norm', [x, parameter(width(x)), parameter(width(x))], { epsilon: 1e-5 }),
    (x) => g.node('rms_norm', [x, parameter(width(x))], { epsilon: 1e-5 }),
    (x) => affine(g, x, 0.5, 0.1),
    (x) => {
      const parts = [linear(x, widths[0] as Dim), linear(x, widths[1] as Dim)];
      return linear(g.node('concat', parts, { axis: 1 }), random.pick(widths));
    },
    (x) => {
      const all = linear(x, fixed(10));
      const [a, b] = [slice(g, all, [0, 0], [rows, fixed(4)]), slice(g, all, [0, 4], [rows, fixed(6)])];
      return add(g, linear(a, fixed(4)), linear(b, fixed(4)));
    },
    (x) => {
      const cube = reshape(g, x, [batch, time, width(x)]);
      const scores = g.node('softmax', [matmul(g, cube, cube, false, true)], NONE);
      return reshape(g, matmul(g, scores, cube), [rows, width(x)]);
    },
    (x) => {
      const cube = reshape(g, x, [batch, time, width(x)]);
      return reshape(g, add(g, cube, parameter(time, width(x))), [rows, width(x)]);
    },
    (x) => mul(g, x, broadcastTo(g, reduceSum(g, x, [1], true), x.dims)),
  ];
  for (let i = 0; i < 8; i++) made.push(random.pick(layers)(random.pick(made.slice(-3))));
  const last = made[made.length - 1] as Node;
  const loss = reduceSum(g, mul(g, last, constant(g, 0.1)), [0, 1]);
  const outputs: Record<string, Node> = { loss };
  const updates: Record<string, Node> = {};
  if (parameters.length > 0) {
    gradients(g, loss, parameters).forEach((gradient, i) => {
      if (random.below(2) === 0) outputs[`d${i}`] = gradient;
      else {
        const sum = g.state(`sum${i}`, gradient.dims, 'gradient');
        values[`sum${i}`] = draw(sum);
        updates[`sum${i}`] = add(g, sum, gradient);
      }
    });
  }
  const program = simplify(g.program('layers', { outputs, updates }));
  const feeds = { x: draw(input), seed: [random.below(1000)] };
  const state = Object.fromEntries(Object.entries(values).filter(([name]) => name in program.state));
  return { program, feeds, state };
}
