import { GraphBuilder } from '../graph/builder.ts';
import { fixed } from '../graph/dim.ts';
import { reshape } from '../graph/emit.ts';
import type { Program, StateSpec } from '../graph/ir.ts';
import { simplify } from '../graph/simplify.ts';
import type { ModelConfig } from '../training/spec.ts';
import { buildForward } from './forward.ts';

export interface DecodeStep {
  /** Parameters and caches; the parameters' names and shapes are those of training. */
  readonly state: readonly StateSpec[];
  readonly program: Program;
}

/**
 * Decoding with a cache of keys and values: one run takes `block` tokens at positions `position` to
 * `position + block - 1` and writes them into the cache.
 * Inputs: input_ids i32 [1, block], position i32 [], positions i32 [block] (position, position + 1, ...;
 * at most n_positions - 1 for gpt2). Output: logits [block, vocab].
 * Filler at the end of a block does no harm: later positions are masked until they are written anew.
 * position + block must not exceed `capacity`.
 */
export function buildDecodeStep(request: {
  readonly model: ModelConfig;
  readonly block: number;
  readonly capacity: number;
}): DecodeStep {
  const g = new GraphBuilder();
  const batch = fixed(1);
  const time = g.field('block', request.block);
  const capacity = g.field('capacity', request.capacity);
  const input_ids = g.input('input_ids', [batch, time], 'i32');
  const position = g.input('position', [], 'i32');
  const positions = g.input('positions', [time], 'i32');
  const { logits, cacheUpdates } = buildForward(g, request.model, {
    input_ids,
    batch,
    time,
    mode: { type: 'decode', position, positions, capacity },
  });
  const shaped = reshape(g, logits, [time, logits.dims[1] ?? fixed(1)]);
  const program = simplify(g.program('decode', { outputs: { logits: shaped }, updates: cacheUpdates }));
  return { state: g.states, program };
}
