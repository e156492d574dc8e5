import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../config/edit.ts';
import { mutated, SAMPLE, sampleWith, scrambled } from '../../config/testing/configs.ts';
import { createPreflight, preflight } from '../preflight.ts';
import { NO_PROFILES, type Profiles } from '../report.ts';
import { codes, data, deviceWith, expectRule, find, marked, withTokens } from '../testing/reports.ts';

describe('the run', () => {
  it.each<[string, string, string, string, string, readonly string[]]>([
    [
      'both lengths',
      'max_steps: 2000',
      'max_steps: 2000\n  num_train_epochs: 3',
      'ANN-CFG-040',
      '3',
      ['Keep max_steps', 'Keep num_train_epochs'],
    ],
    [
      'both warm-ups',
      'warmup_steps: 100',
      'warmup_steps: 100\n  warmup_ratio: 0.1',
      'ANN-CFG-041',
      '0.1',
      ['Keep warmup_steps', 'Keep warmup_ratio'],
    ],
    [
      'a warm-up longer than the run',
      'warmup_steps: 100',
      'warmup_steps: 3000',
      'ANN-CFG-042',
      '3000',
      ['Use 200', 'Lengthen the run to 30,000 updates'],
    ],
    [
      'a warm-up that is most of the run',
      'warmup_steps: 100',
      'warmup_ratio: 0.9',
      'ANN-CFG-042',
      '0.9',
      ['Use 0.1'],
    ],
    [
      'min_lr with another schedule',
      'seed: 1337',
      'min_lr: 1.0e-4',
      'ANN-CFG-043',
      '1.0e-4',
      ['Use cosine_with_min_lr', 'Remove min_lr'],
    ],
    [
      'min_lr above the rate',
      'lr_scheduler_type: cosine',
      'lr_scheduler_type: cosine_with_min_lr\n  min_lr: 0.1',
      'ANN-CFG-043',
      '0.1',
      ['Use 1.0e-4'],
    ],
    [
      'an evaluation after the end',
      'eval_steps: 250',
      'eval_steps: 2500',
      'ANN-CFG-044',
      '2500',
      ['Use 250'],
    ],
    ['a checkpoint after the end', 'seed: 1337', 'save_steps: 5000', 'ANN-CFG-045', '5000', ['Use 250']],
    [
      'patience without evaluations',
      'eval_steps: 250',
      'eval_steps: 0\n  early_stopping_patience: 3',
      'ANN-CFG-048',
      '3',
      ['Use eval_steps 250', 'Use 0'],
    ],
    [
      'a warm-up that the schedule has not',
      'lr_scheduler_type: cosine',
      'lr_scheduler_type: constant',
      'ANN-CFG-049',
      '100',
      ['Use constant_with_warmup', 'Remove warmup_steps'],
    ],
    [
      'what an optimizer does not read',
      'seed: 1337',
      'optim: lion\n  adam_epsilon: 1.0e-6',
      'ANN-CFG-049',
      '1.0e-6',
      ['Remove adam_epsilon'],
    ],
    [
      'another number format',
      'seed: 1337',
      'dtype: bfloat16',
      'ANN-CFG-047',
      'bfloat16',
      ['Use float16', 'Use float32'],
    ],
    ['a rate far too large', '1.0e-3', '0.1', 'ANN-CFG-046', '0.1', ['Use 1.0e-3']],
    ['a rate far too small', '1.0e-3', '1.0e-6', 'ANN-CFG-046', '1.0e-6', ['Use 1.0e-3']],
    ['a rate far too large for lion', '1.0e-3', '0.01\n  optim: lion', 'ANN-CFG-046', '0.01', ['Use 2.0e-4']],
  ])('notices %s', (_, from, to, code, place, titles) => {
    expectRule(sampleWith([from, to]), code, place, NO_PROFILES, titles);
  });

  it('notices an output bias without the others', () => {
    const titles = ['Use attention_bias true', 'Remove attention_output_bias'];
    const text = 'model:\n  model_type: llama\n  attention_output_bias: true\n';
    expectRule(text, 'ANN-CFG-049', 'true', NO_PROFILES, titles);
  });

  it('has nothing to say of rates that suit the width and the optimizer', () => {
    const rates: readonly (readonly [string, string])[] = [
      ['n_embd: 128', '6.0e-4'],
      ['n_embd: 128', '3.0e-4\n  optim: lion'],
      ['n_embd: 128', '2.0e-3\n  optim: muon'],
      ['n_embd: 128', '0.5\n  optim: sgd'],
      ['n_embd: 768', '5.0e-5'],
      ['n_embd: 4096', '1.2e-4'],
    ];
    for (const [width, rate] of rates) {
      expect(
        codes(preflight(sampleWith(['n_embd: 128', width], ['1.0e-3', rate]), NO_PROFILES)),
      ).not.toContain('ANN-CFG-046');
    }
  });
});

describe('the data', () => {
  it.each<[string, string, string, string, string, Profiles, readonly string[]]>([
    ['a context longer than the data', 'seed', 'seed', 'ANN-CFG-030', '64', withTokens(50), ['Use 32']],
    ['a batch that the data cannot fill', 'seed', 'seed', 'ANN-CFG-031', '12', withTokens(640), ['Use 10']],
    [
      'accumulation that the data cannot fill',
      'seed: 1337',
      'gradient_accumulation_steps: 9',
      'ANN-CFG-031',
      '9',
      withTokens(2000),
      ['Use gradient_accumulation_steps 2'],
    ],
    [
      'a run of many epochs',
      'seed',
      'seed',
      'ANN-CFG-032',
      '2000',
      withTokens(10_000),
      ['Use 52', 'Stop when the validation loss no longer falls'],
    ],
    [
      'a run that sees little',
      'max_steps: 2000',
      'max_steps: 20',
      'ANN-CFG-033',
      '20',
      withTokens(489_000),
      ['Use 637, to see each token once'],
    ],
    [
      'no validation part',
      'validation_split: 0.1 ',
      'validation_split: 0 ',
      'ANN-CFG-034',
      '0',
      NO_PROFILES,
      ['Use 0.1', 'Do without evaluations'],
    ],
    [
      'a validation part of no sequence',
      'seed',
      'seed',
      'ANN-CFG-034',
      '0.1',
      withTokens(50_000, 60),
      ['Use 0.01', 'Do without evaluations'],
    ],
    [
      'a prompt longer than the context',
      'prompt: "Once"',
      `prompt: ${'x'.repeat(70)}`,
      'ANN-CFG-036',
      'x'.repeat(70),
      NO_PROFILES,
      ['Keep its end'],
    ],
    [
      'a source that there is not',
      'source: stories ',
      'source: nots.txt ',
      'ANN-CFG-037',
      'nots.txt',
      { ...NO_PROFILES, sources: ['notes.txt'] },
      ['Use notes.txt', 'Use stories'],
    ],
    [
      'a tokenizer that there is not',
      '{ type: bpe, vocab_size: 512 }',
      '{ type: file, path: tokeniser.json }',
      'ANN-CFG-037',
      'tokeniser.json',
      { ...NO_PROFILES, sources: ['tokenizer.json'] },
      ['Use tokenizer.json', 'Train one on the text'],
    ],
  ])('notices %s', (name, from, to, code, place, profiles, titles) => {
    let text = sampleWith([from, to]);
    if (name.startsWith('a prompt')) text = text.replace('{ type: bpe, vocab_size: 512 }', '{ type: char }');
    if (name.endsWith('no sequence')) {
      const diagnostic = find(preflight(text, profiles), code);
      expect(marked(text, diagnostic)).toBe(place);
      expect(diagnostic.fixes.map(({ title }) => title)).toEqual(titles);
      return;
    }
    if (name.startsWith('a run of many')) {
      const diagnostic = find(preflight(text, profiles), code);
      expect(diagnostic.message).toContain('153.6 times');
      expect(diagnostic.fixes.map(({ title }) => title)).toEqual(titles);
      return;
    }
    expectRule(text, code, place, profiles, titles);
  });

  it('notices a vocabulary smaller than the tokenizer', () => {
    const text = sampleWith(['n_embd: 128', 'vocab_size: 300\n  n_embd: 128']);
    expectRule(text, 'ANN-CFG-021', '300', NO_PROFILES, [
      'Remove it: 512 comes from the tokenizer',
      'Use 512',
      "Make the tokenizer's 300",
    ]);
    const larger = preflight(text.replace('vocab_size: 300', 'vocab_size: 576'), NO_PROFILES);
    expect(larger.diagnostics).toEqual([]);
    expect(larger.spec?.model.vocab_size).toBe(576);
  });

  it('mentions that a short text makes fewer tokens than were asked for', () => {
    const short = {
      ...data,
      tokenizer: { key: 'bpe:512@0.1', vocab_size: 300, train_tokens: 489_000, validation_tokens: 9000 },
    };
    const report = preflight(SAMPLE, { ...NO_PROFILES, data: short });
    expect(marked(SAMPLE, find(report, 'ANN-CFG-049'))).toBe('512');
    expect(report.spec?.model.vocab_size).toBe(300);
  });

  it('counts epochs in updates, once the tokens are known', () => {
    const text = sampleWith(
      ['max_steps: 2000', 'num_train_epochs: 2'],
      ['warmup_steps: 100', 'warmup_ratio: 0.05'],
    );
    expect(preflight(text, NO_PROFILES).spec).toBeNull();
    const { spec } = preflight(text, { ...NO_PROFILES, data });
    // 489,000 tokens are 7,639 sequences of 64, one of them given up.
    expect(spec?.max_steps).toBe(Math.ceil((7639 * 2) / 12));
    expect(spec?.schedule.warmup_steps).toBe(Math.ceil(0.05 * (spec?.max_steps ?? 0)));
  });

  it('does not take another text for this one, nor tokens of another tokenizer', () => {
    const other = { ...NO_PROFILES, data: { ...data, source: 'other.txt' } };
    expect(preflight(SAMPLE, other)).toEqual(preflight(SAMPLE, NO_PROFILES));
    const stale = preflight(sampleWith(['vocab_size: 512', 'vocab_size: 600']), { ...NO_PROFILES, data });
    expect(codes(stale)).toEqual(['ANN-CFG-035']);
  });
});

describe('every rule', () => {
  it('offers only fixes that silence it and leave YAML behind', () => {
    const check = createPreflight();
    const profiles = { ...deviceWith(3e7, 5e6), data, sources: ['notes.txt'] };
    fc.assert(
      fc.property(fc.oneof(mutated, scrambled), (text) => {
        const before = check(text, profiles);
        for (const { code, message, fixes } of before.diagnostics) {
          if (code < 'ANN-CFG-020') continue; // src/domain/config/read.test.ts
          for (const { title, edits } of fixes) {
            const after = check(applyEdits(text, edits), profiles);
            const again = after.diagnostics.find((other) => other.code === code && other.message === message);
            expect(again, title).toBeUndefined();
            expect(after.readable || !before.readable, title).toBe(true);
          }
        }
      }),
      { numRuns: 150 },
    );
  }, 120_000);
});
