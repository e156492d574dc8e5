import { GraphBuilder } from '../graph/builder.ts';
import type { Dim } from '../graph/dim.ts';
import { fixed } from '../graph/dim.ts';
import { reshape, slice } from '../graph/emit.ts';
import type { Node, Program, StateSpec } from '../graph/ir.ts';
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
  /** Logits where it is not said. */
  readonly result?: DecodeResult;
}

export type DecodeResult =
  /** logits [batch, block, vocab] */
  | { readonly type: 'logits' }
  /**
   * token [batch], drawn on the device from what follows the last token of each block, among the first
   * `vocab_size` ids. Inputs besides: uniform f32 [batch], temperature f32 [], top_k i32 [], top_p f32 [].
   */
  | { readonly type: 'token'; readonly vocab_size: number }
  /** No output: keys and values are written, and nothing is computed that they do not need. */
  | { readonly type: 'cache' };

/**
 * Decoding with a cache of keys and values: one run takes `block` tokens of each sequence b at positions
 * `position[b]` to `position[b] + block - 1` and writes them into the cache.
 * Inputs: input_ids i32 [batch, block], position i32 [batch], positions i32 [batch, block] (position[b],
 * position[b] + 1, ...; at most n_positions - 1 for gpt2). Outputs: as `result` says.
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
  const perToken = reshape(g, logits, [batch, time, logits.dims[1] ?? fixed(1)]);
  const outputs = outputsOf(g, perToken, [batch, time], request.result ?? { type: 'logits' });
  return { state: g.states, program: simplify(g.program('decode', { outputs, updates: cacheUpdates })) };
}

function outputsOf(
  g: GraphBuilder,
  logits: Node,
  [batch, time]: readonly [Dim, Dim],
  result: DecodeResult,
): Readonly<Record<string, Node>> {
  if (result.type === 'cache') return {};
  if (result.type === 'logits') return { logits };
  const vocab = fixed(result.vocab_size);
  const last = slice(g, logits, [0, time.value - 1, 0], [batch, fixed(1), vocab]);
  const uniform = g.input('uniform', [batch], 'f32');
  const settings = [
    g.input('temperature', [], 'f32'),
    g.input('top_k', [], 'i32'),
    g.input('top_p', [], 'f32'),
  ];
  return { token: g.node('sample_token', [reshape(g, last, [batch, vocab]), uniform, ...settings], {}) };
}
