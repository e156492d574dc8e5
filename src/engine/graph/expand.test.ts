import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Random } from '../../base/random.ts';
import { gradients } from './autodiff.ts';
import { GraphBuilder } from './builder.ts';
import { fixed } from './dim.ts';
import { mul, reduceSum, slice } from './emit.ts';
import { expand } from './expand.ts';
import type { Node, OpName, Program } from './ir.ts';
import { simplify } from './simplify.ts';
import { attentionAttributes, normal } from './testing/op-cases.ts';
import type { Values } from './testing/run64.ts';
import { run64 } from './testing/run64.ts';

const NEW: readonly OpName[] = [
  'attention',
  'attention_lse',
  'attention_grad',
  'rotary_heads',
  'cache_append',
  'cached_attention',
];

/** Both ways in float64; the expanded program has none of the ops that stand for others. */
function checkSame(program: Program, feeds: Values): void {
  const basic = simplify(expand(program));
  expect(basic.nodes.filter((node) => NEW.includes(node.op))).toEqual([]);
  const expected = run64(basic, feeds);
  for (const [name, values] of Object.entries(run64(program, feeds))) {
    const wanted = expected[name] ?? [];
    expect(values.length).toBe(wanted.length);
    values.forEach((value, i) => {
      expect(Math.abs(value - (wanted[i] as number)), `${name}[${i}]`).toBeLessThan(1e-11);
    });
  }
}

test('attention, its log-sum-exp and its gradient mean what the basic ops say', () => {
  fc.assert(
    fc.property(fc.integer(), fc.constantFrom(0, 0.4), (seed, rate) => {
      const random = new Random(seed);
      const attributes = attentionAttributes(random, rate);
      const { batch, time, heads, key_heads, head_size } = attributes;
      const g = new GraphBuilder();
      const dims = [fixed(batch * time), fixed((heads + 2 * key_heads) * head_size)];
      const inputs = [g.input('qkv', dims, 'f32'), ...(rate > 0 ? [g.input('seed', [], 'i32')] : [])];
      const [qkv] = inputs as [Node];
      const y = g.node('attention', inputs, attributes);
      const lse = g.node('attention_lse', inputs, attributes);
      const loss = reduceSum(g, mul(g, y, g.input('weights', y.dims, 'f32')), [0, 1]);
      const [dqkv] = gradients(g, loss, [qkv]) as [Node];
      const program = simplify(g.program('attention', { outputs: { y, lse, dqkv } }));
      expect(program.nodes.filter((node) => node.op === 'attention_lse')).toHaveLength(1);
      const weights = normal(random, y.shape).values;
      checkSame(program, { qkv: normal(random, qkv.shape).values, weights, seed: [random.below(99)] });
    }),
  );
});

test('rotary_heads turns the heads that rotary would, over rows that were joined or not', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const [time, heads, head_size] = [1 + random.below(4), 2 + random.below(3), 2 + 2 * random.below(3)];
      const rows = fixed(time * (1 + random.below(3)));
      const g = new GraphBuilder();
      const part = (name: string, width: number): Node => g.input(name, [rows, fixed(width)], 'f32');
      const k = heads - 1;
      const parts = [part('q', k * head_size), part('k', head_size), part('v', 1 + random.below(5))];
      const feeds: Record<string, Float64Array> = {};
      for (const [i, x] of parts.entries()) feeds['qkv'[i] as string] = normal(random, x.shape).values;
      const positions = g.input('positions', [fixed(time)], 'i32');
      const attributes = { heads, head_size, time, theta: 100, inverse: random.below(2) === 0 };
      const joined = g.node('concat', parts, { axis: 1 });
      const whole = slice(g, joined, [0, 0], [rows, fixed(heads * head_size)]);
      const outputs = {
        joined: g.node('rotary_heads', [joined, positions], attributes),
        across: g.node('rotary_heads', [joined, positions], { ...attributes, heads: 1 }),
        whole: g.node('rotary_heads', [whole, positions], attributes),
      };
      const at = Float64Array.from({ length: time }, () => random.below(50));
      checkSame(g.program('rotary', { outputs }), { ...feeds, positions: at });
    }),
  );
});

test('sequences that are at different positions append to their caches and attend to them', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = new Random(seed);
      const attributes = attentionAttributes(random, 0);
      const { batch, time, heads, key_heads, head_size, scale } = attributes;
      const capacity = time + random.below(6);
      const g = new GraphBuilder();
      const shape = [batch, key_heads, capacity, head_size];
      const qkv = g.input('qkv', [batch * time, (heads + 2 * key_heads) * head_size].map(fixed), 'f32');
      const position = g.input('position', [fixed(batch)], 'i32');
      const cache = { heads, key_heads, head_size, time };
      const append = (part: 'k' | 'v'): Node =>
        g.node('cache_append', [g.input(part, shape.map(fixed), 'f32'), qkv, position], { ...cache, part });
      const [k, v] = [append('k'), append('v')];
      const y = g.node('cached_attention', [qkv, k, v, position], { ...cache, scale });
      checkSame(g.program('decode', { outputs: { k, v, y } }), {
        qkv: normal(random, qkv.shape).values,
        k: normal(random, shape).values,
        v: normal(random, shape).values,
        position: Float64Array.from({ length: batch }, () => random.below(capacity - time + 1)),
      });
    }),
  );
});
