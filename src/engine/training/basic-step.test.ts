import { expect, test } from 'vitest';
import { expand } from '../graph/expand.ts';
import { countFlops } from '../graph/flops.ts';
import { simplify } from '../graph/simplify.ts';
import { buildTrainingStep } from './step.ts';
import { tinyGpt2, tinyLlama, tinySpec } from './testing/specs.ts';

test.each([
  ['gpt2', { ...tinyGpt2, attn_pdrop: 0.1 }, { matmul: 39, causal_softmax: 2, dropout_mask: 2, concat: 2 }],
  ['llama', tinyLlama, { matmul: 57, causal_softmax: 2, rotary: 8, concat: 0, slice: 0 }],
] as const)(
  '%s in basic ops: no score is computed twice, and nothing joined to be taken apart',
  (_, model, counts) => {
    const { optimizer } = tinySpec;
    const { update } = buildTrainingStep({ model, optimizer, batch: 2, context: 8, accumulation: 1 });
    if (update.mode !== 'fused') throw new Error(update.mode);
    const basic = simplify(expand(update.step));
    const { nodes } = basic;
    expect(countFlops(update.step)).toBe(countFlops(basic));
    for (const [op, count] of Object.entries(counts)) {
      expect([op, nodes.filter((node) => node.op === op).length]).toEqual([op, count]);
    }
  },
);
