import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DeviceInfo } from '../../engine/device.ts';
import { applyEdits } from '../config/edit.ts';
import { Lines } from '../config/lines.ts';
import { mutated, SAMPLE, sampleWith, scrambled } from '../config/testing/configs.ts';
import { createPlanner, planStep } from '../plan/step-plan.ts';
import { createPreflight, preflight } from './preflight.ts';
import {
  type DataProfile,
  type Diagnostic,
  NO_PROFILES,
  type PreflightReport,
  type Profiles,
} from './report.ts';

const data: DataProfile = {
  source: 'stories',
  sha256: '0'.repeat(64),
  bytes: 1_200_000,
  characters: 1_200_000,
  distinct_characters: 60,
  tokenizer: { key: 'bpe:512@0.1', vocab_size: 512, train_tokens: 489_000, validation_tokens: 54_000 },
};
const withTokens = (train_tokens: number, validation_tokens = 1000): Profiles => ({
  ...NO_PROFILES,
  data: { ...data, tokenizer: { key: 'bpe:512@0.1', vocab_size: 512, train_tokens, validation_tokens } },
});
const deviceWith = (memory_bytes: number | null, max_buffer_bytes: number | null = null): Profiles => ({
  ...NO_PROFILES,
  device: {
    name: 'tfjs-webgpu',
    description: 'a GPU',
    limits: { memory_bytes, max_buffer_bytes },
  } satisfies DeviceInfo,
});

const find = (report: PreflightReport, code: string): Diagnostic => {
  const found = report.diagnostics.filter((diagnostic) => diagnostic.code === code);
  expect(report.diagnostics.map(({ code, message }) => `${code} ${message}`).join('\n')).toContain(code);
  return found[0] as Diagnostic;
};
const marked = (text: string, { range }: Diagnostic): string => {
  const lines = new Lines(text);
  return text.slice(lines.offset(range.start), lines.offset(range.end));
};
const codes = (report: PreflightReport): string[] => report.diagnostics.map(({ code }) => code);

/** The rule speaks up, at this place, and each of its fixes silences it. */
function expectRule(
  text: string,
  code: string,
  place: string,
  profiles: Profiles,
  titles: readonly string[],
): Diagnostic {
  const diagnostic = find(preflight(text, profiles), code);
  expect(marked(text, diagnostic)).toBe(place);
  expect(diagnostic.fixes.map(({ title }) => title)).toEqual(titles);
  for (const { title, edits } of diagnostic.fixes) {
    expect(codes(preflight(applyEdits(text, edits), profiles)), title).not.toContain(code);
  }
  return diagnostic;
}

describe('preflight', () => {
  it('has nothing against the sample, and knows what would train', () => {
    const report = preflight(SAMPLE, { ...NO_PROFILES, data });
    expect(report.diagnostics).toEqual([]);
    expect(report.spec?.model).toMatchObject({ model_type: 'gpt2', vocab_size: 512, n_embd: 128 });
    expect(report.spec).toMatchObject({
      max_steps: 2000,
      eval_batches: 20,
      schedule: { warmup_steps: 100, min_lr: 0 },
    });
    expect(report.estimate).toMatchObject({ parameters: 867_072, tokens_per_step: 768, seconds: null });
  });

  it('adds up the bytes by kind', () => {
    const { bytes } = preflight(SAMPLE, NO_PROFILES).estimate;
    const { total, ...kinds } = bytes;
    expect(Object.values(kinds).reduce<number>((sum, count) => sum + (count ?? Number.NaN), 0)).toBe(total);
    expect(bytes.weights).toBe(4 * 867_072);
    expect(bytes.optimizer).toBe(2 * 4 * 867_072);
  });

  it('offers 128 and 132 for a width of 130 with 4 heads, and says why', () => {
    const text = sampleWith(['n_embd: 128', 'n_embd: 130']);
    const diagnostic = expectRule(text, 'ANN-CFG-020', '130', NO_PROFILES, [
      'Use 128',
      'Use 132',
      'Set n_head to 2',
      'Set n_head to 5',
    ]);
    expect(diagnostic.severity).toBe('error');
    expect(diagnostic.because.join(' ')).toContain('n_embd / n_head must be whole because');
    expect(diagnostic.fixes[0]?.edits[0]?.newText).toBe('128');
    expect(diagnostic.fixes[1]?.edits[0]?.newText).toBe('132');
    const { estimate, spec } = preflight(text, NO_PROFILES);
    expect(estimate.parameters).toBeNull();
    expect(spec).toBeNull();
  });

  it('finds what does not fit in a llama, all of it at once', () => {
    const text =
      'model: { model_type: llama, hidden_size: 100, num_attention_heads: 4, num_key_value_heads: 3, num_hidden_layers: 2 }';
    const issues = preflight(text, NO_PROFILES).diagnostics.filter(({ code }) => code === 'ANN-CFG-020');
    expect(issues.map((issue) => marked(text, issue))).toEqual(['100', '4']);
    const [odd, group] = issues;
    expect(odd?.message).toContain('even');
    expect(odd?.fixes.slice(0, 2).map(({ title }) => title)).toEqual(['Use 96', 'Use 104']);
    expect(group?.fixes.map(({ title }) => title)).toContain('Set num_key_value_heads to 2');
  });

  it('says nothing of sizes that were only assumed', () => {
    expect(
      codes(preflight(sampleWith(['n_embd: 128', 'n_embd: wide'], ['n_head: 4', 'n_head: 7']), NO_PROFILES)),
    ).toEqual(['ANN-CFG-008']);
  });

  it('has an estimate whenever the model is sound, whatever else is wrong', () => {
    const sound = preflight(SAMPLE, NO_PROFILES).estimate.parameters;
    for (const [from, to] of [
      ['learning_rate: 1.0e-3', 'learning_rate: fast'],
      ['learning_rate: 1.0e-3', '\tlearning_rate: fast'],
      ['prompt: "Once"', 'prompt: "Once'],
      ['project: stories', 'project: [stories'],
      ['seed: 1337', 'seed: 1337\n  seed: 3\n  sede: 2'],
      ['max_new_tokens: 100', 'max_new_tokens: 100\n---\n'],
    ] as const) {
      const report = preflight(sampleWith([from, to]), NO_PROFILES);
      expect(
        report.diagnostics.some(({ severity }) => severity === 'error'),
        to,
      ).toBe(true);
      expect(report.estimate.parameters, to).toBe(sound);
      expect(report.spec).toBeNull();
    }
  });

  it('knows no parameters where the vocabulary is unknown', () => {
    const text = sampleWith(['{ type: bpe, vocab_size: 512 }', '{ type: char }']);
    expect(preflight(text, NO_PROFILES).estimate).toMatchObject({ parameters: null, tokens_per_step: 768 });
    expect(preflight(text, { ...NO_PROFILES, data }).estimate.parameters).toBe(867_072 - (512 - 60) * 128);
    expect(
      preflight(text.replace('n_head: 4', 'n_head: 5'), NO_PROFILES).diagnostics.map(({ code }) => code),
    ).toEqual(['ANN-CFG-020']);
  });

  it('takes the time from what was measured on this device, evaluations included', () => {
    const timings = { device: 'tfjs-webgpu', flops_per_second: 1e9 };
    const { estimate } = preflight(SAMPLE, { ...NO_PROFILES, timings });
    const { flops_per_step } = estimate;
    expect(estimate.seconds).toBeCloseTo(((flops_per_step ?? 0) * (2000 + (8 * 20) / 3)) / 1e9, 3);
    const other = deviceWith(null).device;
    expect(
      preflight(SAMPLE, { ...NO_PROFILES, timings: { ...timings, device: 'tfjs-wasm' }, device: other })
        .estimate.seconds,
    ).toBeNull();
  });

  it('puts its figures beside the lines that they belong to', () => {
    const text = SAMPLE;
    const { annotations } = preflight(text, { ...NO_PROFILES, data });
    const lines = text.split('\n');
    const at = (start: string) => annotations.find(({ line }) => lines[line]?.trim().startsWith(start))?.text;
    expect(at('model:')).toContain('867 k parameters');
    expect(at('n_head')).toBe('32 features per head');
    expect(at('per_device')).toContain('768 tokens per update');
    expect(at('max_steps')).toContain('3.1 epochs');
    expect(at('tokenizer')).toBe('512 tokens in the vocabulary');
  });

  it('reads the shape of a text that is not YAML elsewhere, with its fixes', () => {
    const text = sampleWith(['n_embd: 128', 'n_embd: 130'], ['prompt: "Once"', 'prompt: "Once']);
    const report = preflight(text, NO_PROFILES);
    expect(report.readable).toBe(false);
    expect(find(report, 'ANN-CFG-020').fixes[0]?.title).toBe('Use 128');
  });
});

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
    ['another number format', 'seed: 1337', 'dtype: bfloat16', 'ANN-CFG-047', 'bfloat16', ['Use float32']],
    ['a rate far too large', '1.0e-3', '0.1', 'ANN-CFG-046', '0.1', ['Use 1.0e-3']],
    ['a rate far too small', '1.0e-3', '1.0e-6', 'ANN-CFG-046', '1.0e-6', ['Use 1.0e-3']],
    ['a rate far too large for lion', '1.0e-3', '0.01\n  optim: lion', 'ANN-CFG-046', '0.01', ['Use 2.0e-4']],
  ])('notices %s', (_, from, to, code, place, titles) => {
    expectRule(sampleWith([from, to]), code, place, NO_PROFILES, titles);
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
      `prompt: ${'x'.repeat(70)}\ndummy: 1`,
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
  ])('notices %s', (name, from, to, code, place, profiles, titles) => {
    let text = sampleWith([from, to]).replace('dummy: 1\n', '');
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

describe('the device', () => {
  const large = sampleWith(['per_device_train_batch_size: 12', 'per_device_train_batch_size: 4096']);

  it('says what to lower, and by how much, where memory is short', () => {
    const profiles = deviceWith(1e9);
    const diagnostic = find(preflight(large, profiles), 'ANN-CFG-060');
    expect(marked(large, diagnostic)).toBe('4096');
    const fixed = applyEdits(large, diagnostic.fixes[0]?.edits ?? []);
    const { config, estimate, diagnostics } = preflight(fixed, profiles);
    expect(diagnostics.filter(({ severity }) => severity === 'error')).toEqual([]);
    const { per_device_train_batch_size: batch = 0, gradient_accumulation_steps: passes = 0 } =
      config?.training ?? {};
    expect(batch * passes).toBe(4096);
    expect(estimate.bytes.total).toBeLessThanOrEqual(1e9);
    // The next larger batch would not fit.
    const twice = fixed
      .replace(`_batch_size: ${batch}`, `_batch_size: ${batch * 2}`)
      .replace(`steps: ${passes}`, `steps: ${passes / 2}`);
    expect(preflight(twice, profiles).estimate.bytes.total).toBeGreaterThan(1e9);
  });

  it('shortens the context, then the model, where even one sequence is too much', () => {
    const long = sampleWith(['n_positions: 64', 'n_positions: 4096']);
    const tight = find(preflight(long, deviceWith(100e6)), 'ANN-CFG-060');
    expect(tight.fixes[0]?.title).toMatch(/n_positions \d+/);
    expect(codes(preflight(applyEdits(long, tight.fixes[0]?.edits ?? []), deviceWith(100e6)))).not.toContain(
      'ANN-CFG-060',
    );
    const tighter = preflight(SAMPLE, deviceWith(8e6)).diagnostics.find(({ code }) => code === 'ANN-CFG-060');
    expect(tighter?.fixes[0]?.title).toMatch(/n_layer \d/);
    const hopeless = preflight(SAMPLE, deviceWith(1000)).diagnostics.find(
      ({ code }) => code === 'ANN-CFG-060',
    );
    expect(hopeless?.fixes).toEqual([]);
    expect(hopeless?.message).toContain('Not even one layer');
  });

  it('names the tensor that is larger than a buffer may be', () => {
    const profiles = deviceWith(null, 100e6);
    const diagnostic = find(preflight(large, profiles), 'ANN-CFG-061');
    expect(marked(large, diagnostic)).toBe('4096');
    const after = preflight(applyEdits(large, diagnostic.fixes[0]?.edits ?? []), profiles);
    expect(codes(after)).not.toContain('ANN-CFG-061');
  });

  it('mentions that it looked at another device', () => {
    const text = sampleWith(['seed: 1337', 'device: tfjs-wasm']);
    expectRule(text, 'ANN-CFG-062', 'tfjs-wasm', deviceWith(null), ['Use auto', 'Use tfjs-webgpu']);
    expect(codes(preflight(text, NO_PROFILES))).toEqual([]);
  });
});

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

describe('preflight as a function', () => {
  it('plans anew only where the plan changes', () => {
    let plans = 0;
    const check = createPreflight(
      createPlanner((config, vocabulary) => {
        plans++;
        return planStep(config, vocabulary);
      }),
    );
    check(SAMPLE, NO_PROFILES);
    for (const same of ['learning_rate: 2.0e-3', 'seed: 1', 'seed: 1 # why', 'max_steps: 10']) {
      check(sampleWith([`${same.split(':')[0]}:`, `${same}\n  #`]), NO_PROFILES);
    }
    expect(plans).toBe(1);
    check(sampleWith(['n_layer: 4', 'n_layer: 3']), NO_PROFILES);
    check(sampleWith(['seed: 1337', 'optim: lion']), NO_PROFILES);
    expect(plans).toBe(3);
  });

  it('says the same whatever it was asked before', () => {
    const check = createPreflight();
    const profiles = {
      ...deviceWith(3e7, 1e6),
      data,
      timings: { device: 'tfjs-webgpu', flops_per_second: 1e10 },
    };
    fc.assert(
      fc.property(scrambled, (text) => {
        expect(check(text, profiles)).toEqual(preflight(text, profiles));
      }),
      { numRuns: 60 },
    );
  });

  it('never throws, stays in the text, and offers fixes that can be made', () => {
    const check = createPreflight();
    const all = { ...deviceWith(3e8, 1e8), data, timings: null, sources: ['notes.txt'] };
    fc.assert(
      fc.property(
        fc.oneof(mutated, scrambled, fc.string({ unit: 'binary', maxLength: 100 })),
        fc.boolean(),
        (text, known) => {
          const lines = new Lines(text);
          const report = check(text, known ? all : NO_PROFILES);
          for (const { range, fixes } of report.diagnostics) {
            for (const one of [range, ...fixes.flatMap(({ edits }) => edits.map((edit) => edit.range))]) {
              expect(lines.position(lines.offset(one.start))).toEqual(one.start);
              expect(lines.position(lines.offset(one.end))).toEqual(one.end);
            }
            for (const { edits } of fixes) expect(applyEdits(text, edits)).not.toBe(text);
          }
          for (const { line } of report.annotations) expect(line).toBeLessThan(lines.count);
        },
      ),
      { numRuns: 250 },
    );
  }, 120_000);

  it.each(['stories', 'llama', 'nanogpt-cpu', 'nanogpt-gpu'])('finds no error in recipes/%s.yaml', (name) => {
    const text = readFileSync(new URL(`../../../recipes/${name}.yaml`, import.meta.url), 'utf8');
    expect(preflight(text, NO_PROFILES).diagnostics).toEqual([]);
  });
});
