import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Diagnostic } from '../preflight/report.ts';
import { applyEdits } from './edit.ts';
import { readConfig } from './read.ts';
import { configSchema } from './schema.ts';
import { mutated, SAMPLE, sampleWith, scrambled } from './testing/configs.ts';

const only = (text: string): Diagnostic => {
  const { diagnostics } = readConfig(text);
  expect(diagnostics.map(({ message }) => message)).toHaveLength(1);
  return diagnostics[0] as Diagnostic;
};
const fixed = (text: string, title: string): string => {
  const fix = only(text).fixes.find((one) => one.title === title);
  expect(fix, title).toBeDefined();
  return applyEdits(text, fix?.edits ?? []);
};

describe('readConfig', () => {
  it('reads the sample, and gives what is left out its default', () => {
    const { config, diagnostics, unsound } = readConfig(SAMPLE);
    expect(diagnostics).toEqual([]);
    expect(unsound.size).toBe(0);
    expect(config.model).toMatchObject({
      model_type: 'gpt2',
      n_embd: 128,
      n_inner: null,
      bias: true,
      layer_norm_epsilon: 1e-5,
    });
    expect(config.training).toMatchObject({
      learning_rate: 1e-3,
      optim: 'adamw',
      adam_beta2: 0.999,
      device: 'auto',
    });
  });

  it('reads nothing as a config of defaults', () => {
    for (const text of ['', '# only a comment\n', 'model:\ntraining:\n', '---\n']) {
      expect(readConfig(text).diagnostics).toEqual([]);
      expect(readConfig(text).config).toEqual(configSchema.parse({}));
    }
  });

  it('has the defaults of Hugging Face for a llama', () => {
    expect(readConfig('model: { model_type: llama }').config.model).toMatchObject({
      hidden_size: 4096,
      intermediate_size: 11008,
      num_hidden_layers: 32,
      num_attention_heads: 32,
      num_key_value_heads: null,
      rms_norm_eps: 1e-6,
      rope_theta: 10000,
      tie_word_embeddings: false,
    });
  });

  it.each([
    ['n_embd: 128', 'n_emb: 128', 'Use n_embd', 'n_embd: 128'],
    ['learning_rate: 1.0e-3', 'lr: 1.0e-3', 'Use learning_rate', 'learning_rate: 1.0e-3'],
    ['learning_rate: 1.0e-3', 'learning_rate: "1e-3"', 'Use 1.0e-3', 'learning_rate: 1.0e-3'],
    ['learning_rate: 1.0e-3', "learning_rate: '0,001'", 'Use 1.0e-3', 'learning_rate: 1.0e-3'],
    ['max_steps: 2000', 'max_steps: 2,000', 'Use 2000', 'max_steps: 2000'],
    ['max_steps: 2000', 'max_steps: 2_000', 'Use 2000', 'max_steps: 2000'],
    ['max_steps: 2000', 'max_steps: 2k', 'Use 2000', 'max_steps: 2000'],
    ['validation_split: 0.1', 'validation_split: 10%', 'Use 0.1', 'validation_split: 0.1'],
    ['seed: 1337', 'seed: -1', 'Use 0', 'seed: 0'],
    ['n_layer: 4', 'n_layer: 4.5', 'Use 5', 'n_layer: 5'],
    ['n_layer: 4', 'n_layer: 4\n  bias: yes', 'Use true', 'n_layer: 4\n  bias: true'],
    ['n_layer: 4', 'n_layer: 4\n  bias: "False"', 'Use false', 'n_layer: 4\n  bias: false'],
    ['prompt: "Once"', 'prompt: 12', 'Use "12"', 'prompt: "12"'],
    ['lr_scheduler_type: cosine', 'lr_scheduler_type: cosin', 'Use cosine', 'lr_scheduler_type: cosine'],
    ['model_type: gpt2  ', 'model_type: gpt-2  ', 'Use gpt2', 'model_type: gpt2  '],
    ['eval_steps: 250', 'eval_steps:', 'Remove it: the default is 250', ''],
    ['prompt: "Once"', 'stop: "x"', 'Use [x]', 'stop: [x]'],
    [
      'tokenizer: { type: bpe, vocab_size: 512 }',
      'tokenizer: { type: bpe, vocab_size: 100 }',
      'Use 257',
      'tokenizer: { type: bpe, vocab_size: 257 }',
    ],
    [
      'tokenizer: { type: bpe, vocab_size: 512 }',
      'tokenizer: { type: file }',
      'Add path: tokenizer.json',
      'tokenizer: { type: file, path: tokenizer.json }',
    ],
  ])('%s written as %j is put right by "%s"', (from, to, title, result) => {
    const text = sampleWith([from, to]);
    const after = fixed(text, title);
    expect(readConfig(after).diagnostics).toEqual([]);
    if (result !== '') expect(after).toBe(sampleWith([from, result]));
  });

  it('moves a field to the section that it belongs to', () => {
    const text = `learning_rate: 0.01\n${sampleWith(['  learning_rate: 1.0e-3\n', ''])}`;
    const after = fixed(text, 'Move it to training');
    expect(readConfig(after).config.training.learning_rate).toBe(0.01);
    expect(readConfig(after).diagnostics).toEqual([]);
  });

  it('notices that the fields are those of the other kind of model', () => {
    const text = 'model:\n  hidden_size: 64\n';
    expect(readConfig(fixed(text, 'Use model_type: llama')).config.model).toMatchObject({ hidden_size: 64 });
    expect(readConfig(fixed(text, 'Use n_embd')).config.model).toMatchObject({ n_embd: 64 });
  });

  it('says all at once, each at its exact place', () => {
    const text =
      'project: 3\nmodel:\n  n_layer: many\n  n_head: 0\ntraining:\n  optim: adam\n  seed: 1\n  seed: 2\n';
    const places = readConfig(text).diagnostics.map(({ code, range: { start, end } }) => [
      code,
      text.split('\n')[start.line]?.slice(start.character, end.character),
    ]);
    expect(places).toEqual([
      ['ANN-CFG-008', '3'],
      ['ANN-CFG-008', 'many'],
      ['ANN-CFG-009', '0'],
      ['ANN-CFG-010', 'adam'],
      ['ANN-CFG-006', 'seed'],
    ]);
  });

  it('gives what is wrong its default and keeps the rest', () => {
    const { config, unsound } = readConfig('model:\n  n_layer: many\n  n_head: 2\ntraining:\n  seed: 7\n');
    expect(config.model).toMatchObject({ n_layer: 12, n_head: 2 });
    expect(config.training.seed).toBe(7);
    expect([...unsound]).toEqual(['model']);
  });

  it('reads the model though another section is no YAML', () => {
    const { config, unsound, parsed } = readConfig(sampleWith(['prompt: "Once"', 'prompt: "Once']));
    expect(parsed.whole).toBe(false);
    expect(unsound.has('model')).toBe(false);
    expect(config.model).toMatchObject({ n_embd: 128 });
  });

  it('reads names that mean something to JavaScript as any other', () => {
    const { diagnostics, config } = readConfig(
      '__proto__:\n  seed: 3\nconstructor: 4\nmodel:\n  toString: 5\n',
    );
    expect(diagnostics.map(({ code }) => code)).toEqual(Array(3).fill('ANN-CFG-007'));
    expect(config).toEqual(configSchema.parse({}));
  });

  it.each(['stories', 'llama', 'nanogpt-cpu', 'nanogpt-gpu'])('reads recipes/%s.yaml', (name) => {
    const text = readFileSync(new URL(`../../../recipes/${name}.yaml`, import.meta.url), 'utf8');
    expect(readConfig(text).diagnostics).toEqual([]);
  });

  it('never throws, whatever the text, and its ranges are in the text', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, scrambled, fc.string({ unit: 'binary', maxLength: 200 })), (text) => {
        const { diagnostics, lines, config } = readConfig(text);
        expect(configSchema.safeParse(config).success).toBe(true);
        for (const { range, fixes } of diagnostics) {
          for (const one of [range, ...fixes.flatMap(({ edits }) => edits.map((edit) => edit.range))]) {
            expect(lines.position(lines.offset(one.start))).toEqual(one.start);
            expect(lines.position(lines.offset(one.end))).toEqual(one.end);
            expect(lines.offset(one.start)).toBeLessThanOrEqual(lines.offset(one.end));
          }
        }
      }),
      { numRuns: 1500 },
    );
  });

  it('offers only fixes that help', () => {
    fc.assert(
      fc.property(fc.oneof(mutated, scrambled), (text) => {
        const before = readConfig(text);
        // What is wrong with YAML is told from one another by its line.
        const line = ({ code, range }: Diagnostic) => (code === 'ANN-CFG-001' ? range.start.line : 0);
        const same = (a: Diagnostic) => (b: Diagnostic) =>
          a.code === b.code && a.message === b.message && line(a) === line(b);
        // Of a field given twice, one stays, and is as wrong as the other.
        fc.pre(before.diagnostics.every(({ code }) => code !== 'ANN-CFG-006'));
        for (const diagnostic of before.diagnostics) {
          // Of two alike (the same name unknown twice), one fix takes one away.
          const count = before.diagnostics.filter(same(diagnostic)).length;
          for (const { edits } of diagnostic.fixes) {
            const after = readConfig(applyEdits(text, edits)).diagnostics;
            expect(
              after.filter(same(diagnostic)).length,
              `${diagnostic.message} ${JSON.stringify(edits)}`,
            ).toBeLessThan(count);
          }
        }
      }),
      { numRuns: 600 },
    );
  });
});
