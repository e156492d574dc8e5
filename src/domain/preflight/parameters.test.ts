import { describe, expect, it } from 'vitest';
import { preflight } from './preflight.ts';
import { NO_PROFILES } from './report.ts';

// The published sizes of models that everybody knows.
describe('parameters, exactly', () => {
  const gpt2 = (width: number, layers: number, heads: number, more = '') =>
    `model: { model_type: gpt2, vocab_size: 50257, n_embd: ${width}, n_layer: ${layers}, n_head: ${heads}${more} }`;
  const llama = (fields: string) => `model: { model_type: llama, ${fields} }`;

  it.each([
    ['GPT-2 S', gpt2(768, 12, 12), 124_439_808],
    ['GPT-2 M', gpt2(1024, 24, 16), 354_823_168],
    ['GPT-2 L', gpt2(1280, 36, 20), 774_030_080],
    ['GPT-2 XL', gpt2(1600, 48, 25), 1_557_611_200],
    ['nanoGPT 124M without bias', gpt2(768, 12, 12, ', bias: false'), 124_337_664],
    ['Llama-2-7B', llama('vocab_size: 32000, max_position_embeddings: 4096'), 6_738_415_616],
    [
      'Llama-3-8B',
      llama(
        'vocab_size: 128256, max_position_embeddings: 8192, intermediate_size: 14336, num_key_value_heads: 8, rope_theta: 500000',
      ),
      8_030_261_248,
    ],
    [
      'TinyLlama',
      llama(
        'vocab_size: 32000, hidden_size: 2048, intermediate_size: 5632, num_hidden_layers: 22, num_attention_heads: 32, num_key_value_heads: 4',
      ),
      1_100_048_384,
    ],
    [
      'SmolLM-135M',
      llama(
        'vocab_size: 49152, hidden_size: 576, intermediate_size: 1536, num_hidden_layers: 30, num_attention_heads: 9, num_key_value_heads: 3, tie_word_embeddings: true',
      ),
      134_515_008,
    ],
  ])('%s', (_, text, parameters) => {
    const report = preflight(text, NO_PROFILES);
    expect(report.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report.estimate.parameters).toBe(parameters);
  });
});
