import { expect, test } from 'vitest';
import { applyEdits } from '../config/edit.ts';
import { readConfig } from '../config/read.ts';
import { describeMisfits, fitEdits, misfits } from './fit.ts';
import { toModelConfig } from './model.ts';

const section = (text: string) => readConfig(text).config.model;
const model = (text: string, vocabulary = 65) => toModelConfig(section(text), vocabulary);

const SMALL = 'model: { n_embd: 16, n_head: 2, n_layer: 1, n_positions: 16 }';
const LLAMA = `model:
  model_type: llama
  hidden_size: 32
  intermediate_size: 64
  num_hidden_layers: 2
  num_attention_heads: 4
  num_key_value_heads: 2
  max_position_embeddings: 64
`;

test('a config fits the model that it describes, whatever the dropouts and the vocabulary', () => {
  for (const text of [SMALL, LLAMA]) expect(misfits(section(text), model(text))).toEqual([]);
  expect(misfits(section(SMALL.replace(' }', ', embd_pdrop: 0 }')), model(SMALL, 50_257))).toEqual([]);
});

test('says what differs, and what each side has', () => {
  const found = misfits(section(SMALL.replace('16,', '128,')), model(SMALL));
  expect(found).toEqual([{ field: 'n_embd', config: 128, model: 16 }]);
  expect(describeMisfits(found)).toBe('n_embd is 128 here and 16 in the model');
});

test('a vocabulary that the config insists on has to be the model’s', () => {
  const text = SMALL.replace(' }', ', vocab_size: 128 }');
  expect(misfits(section(text), model(SMALL, 65))).toEqual([{ field: 'vocab_size', config: 128, model: 65 }]);
});

test.each([
  ['the same kind', 'project: a # mine\nmodel:\n  n_embd: 128 # wide\n  n_inner: 99\n', SMALL],
  [
    'another kind',
    '# first\nmodel:\n  n_embd: 128\n  bias: false\n  embd_pdrop: 0.2\ntraining: { seed: 3 }\n',
    LLAMA,
  ],
  ['back again', LLAMA, SMALL],
  ['none at all', 'project: a\n', LLAMA],
])('the edits make the config fit, and leave the rest: %s', (_, text, other) => {
  const wanted = model(other);
  const done = fitEdits(section(text), wanted).reduce((now, step) => {
    const edits = step(now);
    if (edits === null) throw new Error('The section can be edited.');
    return applyEdits(now, edits);
  }, text);
  const { config, diagnostics } = readConfig(done);
  expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
  expect(misfits(config.model, wanted)).toEqual([]);
  expect(config.training.seed).toBe(readConfig(text).config.training.seed);
  for (const comment of text.match(/# (mine|first)/g) ?? []) expect(done).toContain(comment);
});
