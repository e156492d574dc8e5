import { hash32, Random } from '../../src/base/random.ts';
import { initialise } from '../../src/engine/models/initialise.ts';
import { parameterSpecs } from '../../src/engine/models/parameters.ts';
import { gpt2Config, llamaConfig } from '../../src/engine/models/testing/configs.ts';
import { adamW } from '../../src/engine/optimizers/testing/configs.ts';
import type { Batch } from '../../src/engine/training/batches.ts';
import type {
  Gpt2Config,
  LlamaConfig,
  ModelConfig,
  OptimizerConfig,
} from '../../src/engine/training/spec.ts';

/** What every engine of a contest computes: one model, its first weights, the batches, the optimizer. */
export interface Workload {
  readonly preset: Preset;
  readonly model: ModelConfig;
  readonly batch: number;
  readonly context: number;
  readonly optimizer: OptimizerConfig;
  readonly learning_rate: number;
  readonly seed: number;
  /** `rms`: GPT-2 with RMSNorm and the approximate GELU, as @genai-fi/nanogpt has it. */
  readonly variant?: 'rms';
  /** Of ours: see Entrant. */
  readonly dtype?: 'float16';
}

/** `gpu` has the sizes of nanoGPT's GPU recipe; without its dropout, so that losses can be compared. */
export const PRESETS = {
  small: { layers: 4, heads: 4, width: 128, context: 64, batch: 12, inner: 344 },
  medium: { layers: 6, heads: 6, width: 384, context: 256, batch: 4, inner: 1024 },
  gpu: { layers: 6, heads: 6, width: 384, context: 256, batch: 64, inner: 1024 },
} as const;
export type Preset = keyof typeof PRESETS;
export type ModelType = ModelConfig['model_type'];

const VOCABULARY = 65;

/** As recipes/nanogpt-cpu.yaml has it: no biases, exact GELU, tied embeddings, no dropout. */
export function workload(preset: Preset, type: ModelType): Workload {
  const { context, batch } = PRESETS[preset];
  return {
    preset,
    model: type === 'gpt2' ? gpt2(preset) : llama(preset),
    batch,
    context,
    optimizer: adamW({ adam_beta2: 0.99 }),
    learning_rate: 1e-3,
    seed: 1337,
  };
}

function gpt2(preset: Preset): Gpt2Config {
  const { layers, heads, width, context } = PRESETS[preset];
  return gpt2Config({
    vocab_size: VOCABULARY,
    n_positions: context,
    n_embd: width,
    n_layer: layers,
    n_head: heads,
    activation_function: 'gelu',
    bias: false,
  });
}

/** SwiGLU has three matrices: 8/3 of the width costs what 4 times costs in GPT-2. Every query head has keys of its own. */
function llama(preset: Preset): LlamaConfig {
  const { layers, heads, width, context, inner } = PRESETS[preset];
  return llamaConfig({
    vocab_size: VOCABULARY,
    max_position_embeddings: context,
    hidden_size: width,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: heads,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  });
}

export interface Weight {
  readonly name: string;
  readonly shape: readonly number[];
  /** Whether AdamW decays it: tensors of two dimensions. */
  readonly decay: boolean;
  readonly values: Float32Array<ArrayBuffer>;
}

/** The same for every engine. Names and layouts are Hugging Face's. */
export function initialWeights({ model, seed }: Pick<Workload, 'model' | 'seed'>): readonly Weight[] {
  return parameterSpecs(model).map((spec) => ({
    name: spec.name,
    shape: spec.shape,
    decay: spec.decay,
    values: initialise(spec, seed) as Float32Array<ArrayBuffer>,
  }));
}

/** Batches repeat after so many. */
export const RING = 8;

/**
 * Batch number `step`. The tokens follow a rule nine times out of ten, so that the loss falls from the first
 * update on and a wrong optimizer shows at once.
 */
export function batchOf({ model, batch, context, seed }: Workload, step: number): Batch {
  const { vocab_size } = model;
  const input_ids = new Int32Array(batch * context);
  const labels = new Int32Array(batch * context);
  for (let row = 0; row < batch; row++) {
    const random = new Random(hash32(seed, step % RING, row));
    let token = random.below(vocab_size);
    for (let t = 0; t < context; t++) {
      const next = random.uniform() < 0.9 ? (token * 7 + 3) % vocab_size : random.below(vocab_size);
      input_ids[row * context + t] = token;
      labels[row * context + t] = next;
      token = next;
    }
  }
  return { input_ids, labels };
}

/**
 * Floating point operations of one step's matrix products, forward and twice that backward, attention
 * counted for the half that a causal mask leaves. Norms, softmax and the optimizer are under 1% beside them.
 */
export function stepFlops({ model, batch, context }: Workload): number {
  const gpt = model.model_type === 'gpt2';
  const layers = gpt ? model.n_layer : model.num_hidden_layers;
  const width = gpt ? model.n_embd : model.hidden_size;
  const mlp = gpt ? 8 * width ** 2 : 3 * width * model.intermediate_size;
  const perToken = layers * (4 * width ** 2 + mlp) + width * model.vocab_size;
  const attention = layers * 2 * (context + 1) * width; // 2 products of context x context x width, halved
  return 3 * batch * context * (2 * perToken + attention);
}
