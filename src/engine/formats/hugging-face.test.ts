import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnnealError } from '../../base/error.ts';
import { initialise } from '../models/initialise.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { trainBpe } from '../tokenizers/bpe-trainer.ts';
import { createChar } from '../tokenizers/char.ts';
import { loadTokenizer } from '../tokenizers/load.ts';
import type { ModelConfig } from '../training/spec.ts';
import { tinyGpt2, tinyLlama, tinySpec } from '../training/testing/specs.ts';
import { memoryFolder } from './folder-files.ts';
import { loadParameters, type OpenedModel, readFolder } from './hugging-face-read.ts';
import { writeFolder } from './hugging-face-write.ts';
import type { CardFacts } from './model-card.ts';
import { readSafetensors, type WritableTensor, writeSafetensors } from './safetensors.ts';

const card: CardFacts = {
  name: 'stories',
  parameters: 1234,
  config: 'project: stories\n',
  steps: 12,
  loss: 1.5,
  val_loss: 1.25,
  data: 'stories',
  data_sha256: 'abc',
  tokens_seen: 1000,
  device: 'reference',
  seed: 1337,
  program_version: '0.1.0',
  date: '2026-01-01T00:00:00Z',
  base_model: null,
  sample: 'Once ``` upon',
};

function parametersOf(model: ModelConfig): Map<string, Float32Array> {
  // Biases and norms as well as matrices get numbers that tell them apart.
  return new Map(
    parameterSpecs(model).map((spec) => [
      spec.name,
      initialise({ ...spec, init: { type: 'normal', std: 0.5 } }, 7),
    ]),
  );
}

async function save(model: ModelConfig, parameters = parametersOf(model)): Promise<Map<string, Uint8Array>> {
  return new Map<string, Uint8Array>(
    await writeFolder({
      model,
      read: async (name) => parameters.get(name) ?? new Float32Array(0),
      tokenizer: createChar([...'abcdefghijklmnopq']),
      sampling: tinySpec.sampling,
      card,
    }),
  );
}
const open = (files: ReadonlyMap<string, Uint8Array>): Promise<OpenedModel> =>
  readFolder(memoryFolder(files));
const bytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));
const json = (file: Uint8Array | undefined): Record<string, unknown> =>
  JSON.parse(new TextDecoder().decode(file));
const refusal = (code: string, where?: string) =>
  expect.objectContaining(where === undefined ? { code } : { code, where });

/** A folder as somebody else would have saved it. */
function foreign(config: Record<string, unknown>, tensors: WritableTensor[]): Map<string, Uint8Array> {
  return new Map([
    ['config.json', bytes(config)],
    ['model.safetensors', writeSafetensors(tensors, { format: 'pt' })],
  ]);
}
const gpt2Json = { model_type: 'gpt2', vocab_size: 17, n_positions: 8, n_embd: 8, n_layer: 2, n_head: 2 };

/** A foreign tensor file of tinyGpt2, its names and numbers changed on the way. */
function gpt2Tensors(rename = (name: string): string => name): WritableTensor[] {
  const parameters = parametersOf(tinyGpt2);
  return parameterSpecs(tinyGpt2).map(({ name, shape }) => ({
    name: rename(name),
    shape,
    data: parameters.get(name) ?? new Float32Array(0),
  }));
}

const variants: [string, ModelConfig][] = [
  ['gpt2', tinyGpt2],
  ['gpt2 without biases', { ...tinyGpt2, bias: false, n_inner: 24, activation_function: 'relu' }],
  ['gpt2 with a head of its own', { ...tinyGpt2, tie_word_embeddings: false }],
  ['llama', tinyLlama],
  [
    'llama, tied, with biases',
    { ...tinyLlama, tie_word_embeddings: true, attention_bias: true, rope_theta: 5e5 },
  ],
  ['llama with all biases', { ...tinyLlama, attention_bias: true, attention_output_bias: true }],
  ['llama with its own head size', { ...tinyLlama, head_dim: 6 }],
];

describe.each(variants)('%s', (_, model) => {
  test('is saved and opened again with the same config and the same bits', async () => {
    const parameters = parametersOf(model);
    const opened = await open(await save(model, parameters));
    expect(opened.model).toEqual(model);
    expect(await loadParameters(opened)).toEqual(parameters);
    expect(opened.unused).toEqual([]);
    expect(opened.tokenizer).toBe(createChar([...'abcdefghijklmnopq']).toJSON());
  });
});

test('config.json has what GPT2Config and LlamaConfig of transformers 4 and 5 read', async () => {
  const gpt2 = json((await save(tinyGpt2)).get('config.json'));
  expect(gpt2).toMatchObject({
    architectures: ['GPT2LMHeadModel'],
    model_type: 'gpt2',
    n_embd: 8,
    n_inner: null,
    bos_token_id: null,
    eos_token_id: null,
    torch_dtype: 'float32',
    dtype: 'float32',
    scale_attn_weights: true,
  });
  const llama = json((await save(tinyLlama)).get('config.json'));
  expect(llama).toMatchObject({
    architectures: ['LlamaForCausalLM'],
    hidden_act: 'silu',
    head_dim: 2,
    num_key_value_heads: 2,
    rope_theta: 10000,
    rope_parameters: { rope_theta: 10000, rope_type: 'default' },
    mlp_bias: false,
  });
});

test('gpt2 without biases holds zeros for all of them, and a tied head is not saved', async () => {
  const files = await save({ ...tinyGpt2, bias: false });
  const weights = readSafetensors(files.get('model.safetensors') ?? new Uint8Array());
  expect(weights.names.toSorted()).toEqual(
    parameterSpecs(tinyGpt2)
      .map((p) => p.name)
      .toSorted(),
  );
  const biases = weights.names.filter((name) => name.endsWith('.bias'));
  expect(biases).toHaveLength(2 * 6 + 1);
  for (const name of biases) expect(weights.floats(name).every((x) => x === 0)).toBe(true);
  expect(weights.metadata.get('format')).toBe('pt');
});

describe('biases of a llama on q, k and v alone', () => {
  const model = { ...tinyLlama, attention_bias: true };
  const output = /self_attn\.o_proj\.bias$/;

  test('are saved with zeros on o, as LlamaForCausalLM has one wherever it has the others', async () => {
    const files = await save(model);
    const weights = readSafetensors(files.get('model.safetensors') ?? new Uint8Array());
    const added = weights.names.filter((name) => output.test(name));
    expect(added).toHaveLength(model.num_hidden_layers);
    for (const name of added) expect(weights.floats(name).every((x) => x === 0)).toBe(true);
    const config = json(files.get('config.json'));
    expect(config).toMatchObject({ attention_bias: true, attention_output_bias: false });
    expect(json((await save(tinyLlama)).get('config.json'))).not.toHaveProperty('attention_output_bias');
  });

  test('a folder that does not speak of o has what it stores', async () => {
    const files = await save(model);
    const { attention_output_bias: _, ...theirs } = json(files.get('config.json'));
    const withZeros = await open(new Map(files).set('config.json', bytes(theirs)));
    expect(withZeros.model).toMatchObject({ attention_output_bias: true });
    const parameters = parametersOf(model);
    const tensors = parameterSpecs(model).map(
      ({ name, shape }): WritableTensor => ({
        name,
        shape,
        data: parameters.get(name) ?? new Float32Array(),
      }),
    );
    const without = await open(foreign(theirs, tensors));
    expect(without.model).toEqual(model);
    expect(await loadParameters(without)).toEqual(parameters);
  });

  test('biases on o that were trained since are kept, whatever the field says', async () => {
    const trained = await save({ ...model, attention_output_bias: true });
    const config = { ...json(trained.get('config.json')), attention_output_bias: false };
    const opened = await open(new Map(trained).set('config.json', bytes(config)));
    expect(opened.model).toMatchObject({ attention_output_bias: true });
    expect(opened.unused).toEqual([]);
  });
});

test("somebody else's zeros are biases, and ours that were trained since are too", async () => {
  const files = await save({ ...tinyGpt2, bias: false });
  const { bias: _, ...theirs } = json(files.get('config.json'));
  const plain = await open(new Map(files).set('config.json', bytes(theirs)));
  expect(plain.model).toMatchObject({ bias: true });

  const tensors = gpt2Tensors();
  const trained = foreign({ ...gpt2Json, bias: false }, tensors);
  expect((await open(trained)).model).toMatchObject({ bias: true });
});

test('names without a prefix, buffers of old versions and a copy of the tied head are read', async () => {
  const tensors = gpt2Tensors((name) => name.replace('transformer.', ''));
  const extra: WritableTensor[] = [
    { name: 'h.0.attn.bias', shape: [1, 1, 8, 8], dtype: 'U8', data: new Uint8Array(64) },
    { name: 'h.0.attn.masked_bias', shape: [], data: Float32Array.of(-1e4) },
    { name: 'lm_head.weight', shape: [17, 8], data: new Float32Array(136) },
  ];
  const opened = await open(foreign(gpt2Json, [...tensors, ...extra]));
  expect(await loadParameters(opened)).toEqual(parametersOf(tinyGpt2));
  expect(opened.unused).toEqual(['lm_head.weight']);
});

test('a bare LlamaModel with rotary buffers is read', async () => {
  const model: ModelConfig = { ...tinyLlama, tie_word_embeddings: true };
  const parameters = parametersOf(model);
  const tensors: WritableTensor[] = parameterSpecs(model).map(({ name, shape }) => ({
    name: name.replace('model.', ''),
    shape,
    data: parameters.get(name) ?? new Float32Array(0),
  }));
  tensors.push({ name: 'layers.0.self_attn.rotary_emb.inv_freq', shape: [1], data: new Float32Array(1) });
  const { rope_theta: _, ...rest } = model;
  const opened = await open(
    foreign({ ...rest, rope_parameters: { rope_theta: 5e5, rope_type: 'default' } }, tensors),
  );
  expect(opened.model).toEqual({ ...model, rope_theta: 5e5 });
  expect(await loadParameters(opened)).toEqual(parameters);
  expect(opened.unused).toEqual([]);
});

test('F16 and BF16 are read as f32', async () => {
  const halves = gpt2Tensors().map((t): WritableTensor => {
    const bits = new Uint32Array(t.data.buffer);
    const isTable = t.name.includes('wte');
    // BF16 is the upper half of the bits; 1.0 in F16 is 0x3c00.
    return isTable
      ? { ...t, dtype: 'F16', data: new Uint16Array(bits.length).fill(0x3c00) }
      : { ...t, dtype: 'BF16', data: Uint16Array.from(bits, (b) => b >>> 16) };
  });
  const loaded = await loadParameters(await open(foreign(gpt2Json, halves)));
  for (const [name, values] of parametersOf(tinyGpt2)) {
    const read = loaded.get(name);
    expect(read).toHaveLength(values.length);
    for (const [i, x] of values.entries()) {
      if (name.includes('wte')) expect(read?.[i]).toBe(1);
      else expect(Math.abs((read?.[i] ?? Number.NaN) - x)).toBeLessThanOrEqual(Math.abs(x) / 128);
    }
  }
});

describe('shards', () => {
  const tensors = gpt2Tensors();
  const half = Math.floor(tensors.length / 2);
  const files = ['model-00001-of-00002.safetensors', 'model-00002-of-00002.safetensors'] as const;
  const map = Object.fromEntries(tensors.map((t, i) => [t.name, i < half ? files[0] : files[1]]));
  const folder = (weight_map: unknown): Map<string, Uint8Array> =>
    new Map([
      ['config.json', bytes(gpt2Json)],
      ['model.safetensors.index.json', bytes({ metadata: {}, weight_map })],
      [files[0], writeSafetensors(tensors.slice(0, half))],
      [files[1], writeSafetensors(tensors.slice(half))],
    ]);

  test('are read as one', async () => {
    expect(await loadParameters(await open(folder(map)))).toEqual(parametersOf(tinyGpt2));
  });

  test('a missing shard, an index that lies and one without a map are told', async () => {
    const missing = folder(map);
    missing.delete(files[1]);
    await expect(open(missing)).rejects.toEqual(refusal('ANN-FMT-020', files[1]));
    await expect(open(folder({ ...map, 'transformer.wte.weight': files[1] }))).rejects.toEqual(
      refusal('ANN-FMT-025'),
    );
    await expect(open(folder(undefined))).rejects.toEqual(refusal('ANN-FMT-025'));
    await expect(open(folder({ a: 1 }))).rejects.toEqual(refusal('ANN-FMT-025'));
    await expect(open(folder({ a: '../../etc/passwd' }))).rejects.toEqual(refusal('ANN-FMT-020'));
  });
});

test('an old folder without tokenizer.json has its tokenizer from vocab.json and merges.txt', async () => {
  const text = 'the cat sat on the mat, the cat sat there. '.repeat(20);
  const trained = await trainBpe({ text, vocabSize: 280 });
  const { vocab, merges } = JSON.parse(trained.toJSON()).model as {
    vocab: object;
    merges: (string | string[])[];
  };
  const lines = merges.map((pair) => (typeof pair === 'string' ? pair : pair.join(' ')));
  const old = foreign(gpt2Json, gpt2Tensors())
    .set('vocab.json', bytes(vocab))
    .set('merges.txt', new TextEncoder().encode(`#version: 0.2\n${lines.join('\n')}\n`));
  const { tokenizer } = await open(old);
  const loaded = await loadTokenizer(tokenizer ?? '');
  expect(loaded.eos_token_id).toBe(trained.eos_token_id);
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant(text.slice(0, 90))), (sample) => {
      expect([...loaded.encode(sample).ids]).toEqual([...trained.encode(sample).ids]);
    }),
    { numRuns: 50 },
  );
  const broken = new Map(old).set('merges.txt', new TextEncoder().encode('a b c'));
  await expect(open(broken)).rejects.toEqual(refusal('ANN-FMT-021', 'merges.txt'));
  await expect(open(new Map(old).set('vocab.json', bytes(['a'])))).rejects.toEqual(
    refusal('ANN-FMT-021', 'vocab.json'),
  );
});

describe('what cannot be opened says why', () => {
  const good = foreign(gpt2Json, gpt2Tensors());
  const withConfig = (config: unknown): Map<string, Uint8Array> =>
    new Map(good).set('config.json', bytes(config));
  const llamaJson = { ...tinyLlama };

  test.each<[string, unknown, string, string | undefined]>([
    ['another architecture', { model_type: 'mistral' }, 'ANN-FMT-022', undefined],
    ['no architecture', {}, 'ANN-FMT-021', undefined],
    ['a list', [], 'ANN-FMT-021', undefined],
    [
      'scaling by layer',
      { ...gpt2Json, scale_attn_by_inverse_layer_idx: true },
      'ANN-FMT-023',
      'config.json: scale_attn_by_inverse_layer_idx',
    ],
    ['unscaled attention', { ...gpt2Json, scale_attn_weights: false }, 'ANN-FMT-023', undefined],
    [
      'an activation that is not there',
      { ...gpt2Json, activation_function: 'mish' },
      'ANN-FMT-023',
      undefined,
    ],
    ['quantized weights', { ...gpt2Json, quantization_config: {} }, 'ANN-FMT-023', undefined],
    [
      'rope scaling',
      { ...llamaJson, rope_scaling: { rope_type: 'llama3', factor: 8 } },
      'ANN-FMT-023',
      'config.json: rope_scaling',
    ],
    [
      'old rope scaling',
      { ...llamaJson, rope_scaling: { type: 'linear', factor: 2 } },
      'ANN-FMT-023',
      undefined,
    ],
    [
      'new rope scaling',
      { ...llamaJson, rope_parameters: { rope_type: 'yarn', rope_theta: 1e4 } },
      'ANN-FMT-023',
      undefined,
    ],
    ['another gate', { ...llamaJson, hidden_act: 'gelu' }, 'ANN-FMT-023', 'config.json: hidden_act'],
    ['biases in the MLP', { ...llamaJson, mlp_bias: true }, 'ANN-FMT-023', undefined],
    ['heads that do not divide', { ...gpt2Json, n_head: 3 }, 'ANN-FMT-021', 'config.json: n_embd'],
    ['a size that is a text', { ...gpt2Json, n_embd: '8' }, 'ANN-FMT-021', 'config.json: n_embd'],
    [
      'more layers than any model has',
      { ...gpt2Json, n_layer: 2_000_000_000 },
      'ANN-FMT-021',
      'config.json: n_layer',
    ],
    ['a size of 0', { ...gpt2Json, n_layer: 0 }, 'ANN-FMT-021', 'config.json: n_layer'],
  ])('%s', async (_, config, code, where) => {
    await expect(open(withConfig(config))).rejects.toEqual(refusal(code, where));
  });

  test('missing tensors and other shapes by name', async () => {
    await expect(open(withConfig({ ...gpt2Json, n_layer: 3 }))).rejects.toEqual(
      refusal('ANN-FMT-010', 'transformer.h.2.ln_1.weight'),
    );
    await expect(open(withConfig({ ...gpt2Json, vocab_size: 18 }))).rejects.toEqual(
      refusal('ANN-FMT-011', 'transformer.wte.weight'),
    );
    await expect(open(withConfig({ ...gpt2Json, tie_word_embeddings: false }))).rejects.toEqual(
      refusal('ANN-FMT-010', 'lm_head.weight'),
    );
    const ints = gpt2Tensors();
    const [first, ...rest] = ints;
    if (!first) throw new Error('no tensors');
    const table = { ...first, dtype: 'I32' as const };
    await expect(open(foreign(gpt2Json, [table, ...rest]))).rejects.toEqual(refusal('ANN-FMT-012'));
  });

  test('missing files, pickled weights, text that is not JSON or not UTF-8', async () => {
    await expect(open(new Map())).rejects.toEqual(refusal('ANN-FMT-020', 'config.json'));
    const config = new Map([['config.json', bytes(gpt2Json)]]);
    await expect(open(config)).rejects.toEqual(refusal('ANN-FMT-020', 'model.safetensors'));
    await expect(open(new Map(config).set('pytorch_model.bin', new Uint8Array(9)))).rejects.toEqual(
      refusal('ANN-FMT-024', 'pytorch_model.bin'),
    );
    for (const text of [
      new Uint8Array(0),
      new TextEncoder().encode('{"model_type": '),
      Uint8Array.of(0xff, 0xfe, 0x7b, 0),
    ]) {
      await expect(open(new Map(good).set('config.json', text))).rejects.toEqual(
        refusal('ANN-FMT-021', 'config.json'),
      );
    }
  });

  test('a weights file cut at any of 300 places', async () => {
    const file = good.get('model.safetensors') ?? new Uint8Array();
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), async (n) => {
        const cut = new Map(good).set('model.safetensors', file.subarray(0, n));
        await expect(open(cut)).rejects.toEqual(refusal('ANN-FMT-001'));
      }),
      { numRuns: 300 },
    );
  });

  test('any config is opened or refused with a typed error', async () => {
    const field = fc.constantFrom(
      ...Object.keys(gpt2Json),
      ...Object.keys(tinyLlama),
      'rope_scaling',
      'architectures',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(gpt2Json, tinyLlama),
        field,
        fc.jsonValue(),
        async (base, key, value) => {
          await open(withConfig({ ...base, [key]: value })).catch((error: unknown) => {
            expect(error).toBeInstanceOf(AnnealError);
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

test('the model card has front matter, the facts, and a fence that the sample cannot close', async () => {
  const text = new TextDecoder().decode((await save(tinyGpt2)).get('README.md'));
  expect(text).toMatch(/^---\nlibrary_name: transformers\npipeline_tag: text-generation\n/);
  expect(text).toContain('| Validation loss | 1.25 |');
  expect(text).toContain('````text\nOnce ``` upon\n````');
  expect(text).toContain('```yaml\nproject: stories\n```');
});

test('greedy sampling leaves the temperature out of generation_config.json', async () => {
  const files = await writeFolder({
    model: tinyGpt2,
    read: async (name) => parametersOf(tinyGpt2).get(name) ?? new Float32Array(0),
    tokenizer: { eos_token_id: 3, toJSON: () => '{"added_tokens":[{"id":3,"content":"<|endoftext|>"}]}' },
    sampling: { ...tinySpec.sampling, temperature: 0 },
    card,
  });
  expect(json(files.get('generation_config.json'))).toEqual({
    bos_token_id: 3,
    eos_token_id: 3,
    pad_token_id: 3,
    max_new_tokens: 5,
    do_sample: false,
  });
  expect(json(files.get('tokenizer_config.json'))).toMatchObject({
    tokenizer_class: 'PreTrainedTokenizerFast',
    eos_token: '<|endoftext|>',
    model_max_length: 8,
  });
});
