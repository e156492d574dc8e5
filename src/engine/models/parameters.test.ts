import { expect, test } from 'vitest';
import type { Gpt2Config, LlamaConfig, ModelConfig } from '../training/spec.ts';
import { initialise } from './initialise.ts';
import { countParameters, parameterSpecs } from './parameters.ts';
import { gpt2Config, llamaConfig } from './testing/configs.ts';

const gpt2 = (
  n_layer: number,
  n_embd: number,
  n_head: number,
  changes: Partial<Gpt2Config> = {},
): ModelConfig => gpt2Config({ vocab_size: 50257, n_positions: 1024, n_layer, n_embd, n_head, ...changes });

const llama = (changes: Partial<LlamaConfig>): ModelConfig =>
  llamaConfig({ max_position_embeddings: 2048, ...changes });

/** Published models; the counts are those of their weights. */
test.each<[string, ModelConfig, number]>([
  ['GPT-2 S', gpt2(12, 768, 12), 124_439_808],
  ['GPT-2 M', gpt2(24, 1024, 16), 354_823_168],
  ['GPT-2 L', gpt2(36, 1280, 20), 774_030_080],
  ['GPT-2 XL', gpt2(48, 1600, 25), 1_557_611_200],
  // nanoGPT pads the vocabulary to 50304 when it trains from scratch; this is the published one's.
  ['nanoGPT 124M without bias', gpt2(12, 768, 12, { bias: false }), 124_337_664],
  [
    'Llama-2-7B',
    llama({
      vocab_size: 32000,
      hidden_size: 4096,
      intermediate_size: 11008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 32,
    }),
    6_738_415_616,
  ],
  [
    'Llama-3-8B',
    llama({
      vocab_size: 128256,
      hidden_size: 4096,
      intermediate_size: 14336,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: 8,
    }),
    8_030_261_248,
  ],
  [
    'TinyLlama',
    llama({
      vocab_size: 32000,
      hidden_size: 2048,
      intermediate_size: 5632,
      num_hidden_layers: 22,
      num_attention_heads: 32,
      num_key_value_heads: 4,
    }),
    1_100_048_384,
  ],
  [
    'SmolLM-135M',
    llama({
      vocab_size: 49152,
      hidden_size: 576,
      intermediate_size: 1536,
      num_hidden_layers: 30,
      num_attention_heads: 9,
      num_key_value_heads: 3,
      tie_word_embeddings: true,
    }),
    134_515_008,
  ],
  [
    'Qwen2-0.5B',
    llama({
      vocab_size: 151936,
      hidden_size: 896,
      intermediate_size: 4864,
      num_hidden_layers: 24,
      num_attention_heads: 14,
      num_key_value_heads: 2,
      tie_word_embeddings: true,
      attention_bias: true,
    }),
    494_032_768,
  ],
])('%s has %d parameters', (_name, model, count) => {
  expect(countParameters(model)).toBe(count);
});

test.each([
  [true, true, 'qkvo'],
  [true, false, 'qkv'],
  [false, true, ''],
])('attention_bias %s and attention_output_bias %s: biases on "%s"', (attention_bias, output, expected) => {
  const model = llamaConfig({ attention_bias, attention_output_bias: output, num_hidden_layers: 1 });
  const biases = parameterSpecs(model).filter(({ name }) => name.endsWith('.bias'));
  expect(biases.map(({ name }) => name)).toEqual(
    [...expected].map((part) => `model.layers.0.self_attn.${part}_proj.bias`),
  );
});

test('without bias no bias is left, those of LayerNorm included', () => {
  const names = parameterSpecs(gpt2Config({ bias: false })).map(({ name }) => name);
  expect(names.filter((name) => name.includes('bias'))).toEqual([]);
  expect(names).toContain('transformer.h.1.ln_2.weight');
});

test('weight decay is for parameters of 2 or more dimensions', () => {
  for (const { name, shape, decay, role } of parameterSpecs(gpt2Config({ tie_word_embeddings: false }))) {
    expect(decay).toBe(shape.length >= 2);
    expect(role === 'vector').toBe(shape.length === 1);
    expect(role === 'table').toBe(/wte|wpe|lm_head/.test(name));
  }
});

function spread(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

test('starts as Hugging Face starts: residual projections by 1 / sqrt(2 n_layer) narrower', () => {
  const model = gpt2Config({ n_embd: 64, n_layer: 8 });
  for (const spec of parameterSpecs(model)) {
    const values = initialise(spec, 1);
    if (spec.role === 'vector') {
      expect(new Set(values)).toEqual(new Set([spec.name.endsWith('.bias') ? 0 : 1]));
    } else {
      const expected = spec.name.includes('c_proj') ? 0.02 / 4 : 0.02;
      expect(Math.abs(spread(values) / expected - 1)).toBeLessThan(0.1);
    }
  }
});

test('one parameter starts the same whatever else the model has', () => {
  const find = (model: ModelConfig): Float32Array => {
    const spec = parameterSpecs(model).find(({ name }) => name === 'transformer.h.0.mlp.c_fc.weight');
    return spec === undefined ? new Float32Array() : initialise(spec, 7);
  };
  expect(find(gpt2Config({ vocab_size: 99, bias: false }))).toEqual(find(gpt2Config()));
  expect(find(gpt2Config()).length).toBe(8 * 32);
});

test('seeds and names make different numbers', () => {
  const [wte, wpe] = parameterSpecs(gpt2Config({ vocab_size: 6 }));
  if (wte === undefined || wpe === undefined) throw new Error('no parameters');
  const first = initialise(wte, 1);
  expect(first).not.toEqual(initialise(wte, 2));
  expect(first).not.toEqual(initialise(wpe, 1));
  expect(first).toEqual(initialise(wte, 1));
});
