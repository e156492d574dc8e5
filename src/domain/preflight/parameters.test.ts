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
    [
      'Qwen2-0.5B',
      llama(
        'vocab_size: 151936, hidden_size: 896, intermediate_size: 4864, num_hidden_layers: 24, num_attention_heads: 14, num_key_value_heads: 2, tie_word_embeddings: true, attention_bias: true',
      ),
      494_032_768,
    ],
  ])('%s', (_, text, parameters) => {
    const report = preflight(text, NO_PROFILES);
    expect(report.diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    expect(report.estimate.parameters).toBe(parameters);
  });
});

describe('the arithmetic of a training step', () => {
  const gpt2 = (training: string, model = '') =>
    preflight(
      `model: { model_type: gpt2, vocab_size: 50257${model} }\ntraining: { per_device_train_batch_size: 1, ${training} }`,
      NO_PROFILES,
    ).estimate;

  it('is 16 bytes a parameter with Adam in float32, embeddings tied or not', () => {
    for (const { parameters, bytes } of [gpt2(''), gpt2('', ', tie_word_embeddings: false')]) {
      const count = parameters ?? Number.NaN;
      expect(bytes.weights).toBe(4 * count);
      // And a number for each tensor, of which the norm to clip by is made.
      expect((bytes.gradients ?? 0) / count).toBeCloseTo(4, 2);
      expect(bytes.optimizer).toBe(8 * count);
      const { total, ...kinds } = bytes;
      expect(total).toBe(Object.values(kinds).reduce<number>((sum, size) => sum + (size ?? 0), 0));
    }
  });

  it('keeps one number a parameter with Lion, none with plain descent', () => {
    const { parameters } = gpt2('');
    expect(gpt2('optim: lion').bytes.optimizer).toBe(4 * (parameters ?? 0));
    expect(gpt2('optim: sgd, adam_beta1: 0').bytes.optimizer).toBe(0);
  });

  it('takes the FLOPs of 6N + 12LHQT, to two percent', () => {
    // 875,062,886,400 for a sequence of GPT-2, by the formula of PaLM's appendix B.
    expect((gpt2('').flops_per_step ?? 0) / 875_062_886_400).toBeCloseTo(1, 1.5);
    expect(gpt2('gradient_accumulation_steps: 3').tokens_per_step).toBe(3 * 1024);
    expect((gpt2('gradient_accumulation_steps: 3').flops_per_step ?? 0) / 875_062_886_400).toBeCloseTo(3, 1);
  });
});
