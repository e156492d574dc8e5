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

export interface DecodeRequest {
  readonly model: ModelConfig;
  /** Sequences that are read side by side, each from a position of its own. */
  readonly batch: number;
  /** Tokens of each sequence in one run. */
  readonly block: number;
  /** Rows of the cache. */
  readonly capacity: number;
}

/**
 * Decoding with a cache of keys and values: one run takes `block` tokens of each sequence b at positions
 * `position[b]` to `position[b] + block - 1` and writes them into the cache.
 * Inputs: input_ids i32 [batch, block], position i32 [batch], positions i32 [batch, block] (position[b],
 * position[b] + 1, ...; at most n_positions - 1 for gpt2). Output: logits [batch, block, vocab].
 * Filler at the end of a block does no harm: later positions are masked until they are written anew.
 * position[b] + block must not exceed `capacity`.
 */
export function buildDecodeStep(request: DecodeRequest): DecodeStep {
  const g = new GraphBuilder();
  const batch = g.field('batch', request.batch);
  const time = g.field('block', request.block);
  const capacity = g.field('capacity', request.capacity);
  const input_ids = g.input('input_ids', [batch, time], 'i32');
  const position = g.input('position', [batch], 'i32');
  const positions = g.input('positions', [batch, time], 'i32');
  const { logits, cacheUpdates } = buildForward(g, request.model, {
    input_ids,
    batch,
    time,
    mode: { type: 'decode', position, positions, capacity },
  });
  const shaped = reshape(g, logits, [batch, time, logits.dims[1] ?? fixed(1)]);
  const program = simplify(g.program('decode', { outputs: { logits: shaped }, updates: cacheUpdates }));
  return { state: g.states, program };
}
