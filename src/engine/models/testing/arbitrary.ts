import fc from 'fast-check';
import { Random } from '../../../base/random.ts';
import type { ModelConfig } from '../../training/spec.ts';
import { parameterSpecs } from '../parameters.ts';
import { gpt2Config, llamaConfig } from './configs.ts';

const gpt2s = fc.record({
  n_head: fc.constantFrom(1, 2, 3),
  size: fc.constantFrom(1, 2, 4),
  n_layer: fc.constantFrom(1, 2),
  n_inner: fc.constantFrom(null, 5),
  activation_function: fc.constantFrom('gelu_new' as const, 'gelu' as const, 'relu' as const),
  bias: fc.boolean(),
  tie_word_embeddings: fc.boolean(),
});

const llamas = fc.record({
  num_key_value_heads: fc.constantFrom(1, 2),
  group: fc.constantFrom(1, 2, 3),
  half: fc.constantFrom(1, 2),
  head_dim: fc.constantFrom(null, 2, 6),
  num_hidden_layers: fc.constantFrom(1, 2),
  attention_bias: fc.boolean(),
  attention_output_bias: fc.boolean(),
  tie_word_embeddings: fc.boolean(),
  rope_theta: fc.constantFrom(100, 10000),
});

/** Small models of both types with every option either way. */
export const models: fc.Arbitrary<ModelConfig> = fc.oneof(
  gpt2s.map(({ size, ...fields }) => gpt2Config({ ...fields, n_embd: size * fields.n_head })),
  llamas.map(({ group, half, ...fields }) => {
    const num_attention_heads = group * fields.num_key_value_heads;
    return llamaConfig({ ...fields, num_attention_heads, hidden_size: 2 * half * num_attention_heads });
  }),
);

/** Weights large enough that every part of a model matters. */
export function randomWeights(model: ModelConfig, seed: number): Map<string, Float64Array> {
  const random = new Random(seed);
  return new Map(
    parameterSpecs(model).map(({ name, shape, role }) => {
      const middle = role === 'vector' && name.endsWith('.weight') ? 1 : 0;
      const size = shape.reduce((a, b) => a * b, 1);
      return [name, Float64Array.from({ length: size }, () => middle + 0.4 * random.normal())];
    }),
  );
}
