import type { GraphBuilder } from '../graph/builder.ts';
import type { Node } from '../graph/ir.ts';
import type { Segment } from '../graph/recompute.ts';
import type { ModelConfig } from '../training/spec.ts';
import { gpt2Forward } from './gpt2.ts';
import { gpt2Dims, gpt2Parameters } from './gpt2-parameters.ts';
import type { ForwardRequest } from './layers.ts';
import { ForwardContext } from './layers.ts';
import { llamaForward } from './llama.ts';
import { llamaDims, llamaParameters } from './llama-parameters.ts';
import type { SymbolicParameter } from './parameter.ts';

export interface Forward {
  readonly logits: Node; // [batch * time, vocab]
  readonly parameters: readonly SymbolicParameter[];
  /** By the name of the cache; empty unless decoding. */
  readonly cacheUpdates: Readonly<Record<string, Node>>;
  /** The transformer blocks, which a backward pass may compute again instead of keeping what is in them. */
  readonly blocks: readonly Segment[];
}

/** Adds a model's forward pass to the graph. What the config gets wrong is in `g.issues` afterwards. */
export function buildForward(g: GraphBuilder, model: ModelConfig, request: ForwardRequest): Forward {
  if (model.model_type === 'gpt2') {
    const dims = gpt2Dims(g, model);
    const parameters = gpt2Parameters(model, dims);
    const context = new ForwardContext(g, parameters, request);
    const logits = gpt2Forward(context, model, dims);
    return { logits, parameters, cacheUpdates: context.cacheUpdates, blocks: context.blocks };
  }
  const dims = llamaDims(g, model);
  const parameters = llamaParameters(model, dims);
  const context = new ForwardContext(g, parameters, request);
  const logits = llamaForward(context, model, dims);
  return { logits, parameters, cacheUpdates: context.cacheUpdates, blocks: context.blocks };
}

/** Whether training this model draws random numbers. */
export function hasDropout(model: ModelConfig): boolean {
  return model.model_type === 'gpt2'
    ? model.embd_pdrop > 0 || model.attn_pdrop > 0 || model.resid_pdrop > 0
    : model.attention_dropout > 0;
}

/** The longest sequence the model is made for. */
export function maxPositions(model: ModelConfig): number {
  return model.model_type === 'gpt2' ? model.n_positions : model.max_position_embeddings;
}
