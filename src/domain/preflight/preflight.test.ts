import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits } from '../config/edit.ts';
import { Lines } from '../config/lines.ts';
import { mutated, SAMPLE, sampleWith, scrambled } from '../config/testing/configs.ts';
import { createPlanner, planStep } from '../plan/step-plan.ts';
import { createPreflight, preflight } from './preflight.ts';
import { NO_PROFILES } from './report.ts';
import { codes, data, deviceWith, expectRule, find, marked } from './testing/reports.ts';

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
      ['source: stories', 'source: "stories'],
      ['vocab_size: 512 }', 'vocab_size: 512'],
      ['seed: 1337', 'seed: \0'],
      ['training:', '@@@\ntraining:'],
      ['max_new_tokens: 100', `max_new_tokens: 100\n# ${'x'.repeat(70_000)}`],
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

  it('has none where the model cannot be read', () => {
    for (const text of ['hello', '- 1', '{ model: [', 'model:\n  n_layer: [\n', 'model: 3', 'a: \0']) {
      expect(preflight(text, NO_PROFILES).estimate.parameters, text).toBeNull();
    }
    const adrift = preflight(`what is this\n${SAMPLE}`, NO_PROFILES);
    expect(adrift.readable).toBe(false);
    expect(adrift.estimate.parameters).toBe(867_072);
  });

  it('says of an empty text what its defaults are', () => {
    const report = preflight('# nothing yet\n', NO_PROFILES);
    expect(codes(report)).toEqual(['ANN-CFG-012']);
    expect(report.spec).not.toBeNull();
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
