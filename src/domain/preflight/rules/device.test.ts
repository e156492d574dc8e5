import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../config/edit.ts';
import { SAMPLE, sampleWith } from '../../config/testing/configs.ts';
import { preflight } from '../preflight.ts';
import { NO_PROFILES, type Profiles } from '../report.ts';
import { codes, deviceWith, expectRule, find, marked } from '../testing/reports.ts';

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

  it('proposes to recompute activations where that is enough, and says what it saves and costs', () => {
    const needed = preflight(SAMPLE, deviceWith(null)).estimate.bytes.total ?? 0;
    for (const name of ['tfjs-webgpu', 'wasm'] as const) {
      const { device, ...others } = deviceWith(needed * 0.8);
      if (device === null) throw new Error('no device');
      const profiles: Profiles = { ...others, device: { ...device, name } };
      const diagnostic = find(preflight(SAMPLE, profiles), 'ANN-CFG-060');
      expect(diagnostic.message).toMatch(
        /Recomputing activations \(gradient_checkpointing\) saves [\d.]+ MB for \d\d% more work/,
      );
      const fix = diagnostic.fixes.find(({ title }) => title === 'Use gradient_checkpointing true');
      const after = preflight(applyEdits(SAMPLE, fix?.edits ?? []), profiles);
      expect(after.config?.training.gradient_checkpointing).toBe(true);
      expect(codes(after)).not.toContain('ANN-CFG-060');
      expect(after.spec?.gradient_checkpointing).toBe(true);
    }
  });

  it('shows what an arena holds where the device has one', () => {
    const on = (name: 'wasm' | 'tfjs-wasm') => {
      const limits = { max_buffer_bytes: null, memory_bytes: null };
      return preflight(SAMPLE, { ...NO_PROFILES, device: { name, description: '', limits } });
    };
    expect(on('wasm').estimate.bytes.total).not.toBe(on('tfjs-wasm').estimate.bytes.total);
    const tooltip = (name: 'wasm' | 'tfjs-wasm') =>
      on(name)
        .annotations.map((note) => note.tooltip)
        .find((text) => text.includes('parameters exactly'));
    expect(tooltip('wasm')).toContain('Memory: ');
    expect(tooltip('tfjs-wasm')).toContain('Memory as planned: ');
  });

  it('shortens the context, then the model, where even one sequence is too much', () => {
    const long = sampleWith(['n_positions: 64', 'n_positions: 4096']);
    const tight = find(preflight(long, deviceWith(100e6)), 'ANN-CFG-060');
    const shorter = tight.fixes.find(({ title }) => /n_positions \d+/.test(title));
    expect(codes(preflight(applyEdits(long, shorter?.edits ?? []), deviceWith(100e6)))).not.toContain(
      'ANN-CFG-060',
    );
    // The same model, with more work, goes before another model.
    expect(tight.fixes[0]?.title).toMatch(/gradient_checkpointing true/);
    const tighter = preflight(SAMPLE, deviceWith(8e6)).diagnostics.find(({ code }) => code === 'ANN-CFG-060');
    expect(tighter?.fixes[0]?.title).toMatch(/n_layer \d/);
    const hopeless = preflight(SAMPLE, deviceWith(1000)).diagnostics.find(
      ({ code }) => code === 'ANN-CFG-060',
    );
    expect(hopeless?.fixes).toEqual([]);
    expect(hopeless?.message).toContain('Not even one narrow layer');
  });

  it('says how much narrower a model has to be where even one layer is too wide', () => {
    const wordy = sampleWith(['n_head: 4', 'n_head: 4\n  vocab_size: 200000']);
    for (const [text, profiles] of [
      [SAMPLE, deviceWith(1e6)],
      [wordy, deviceWith(null, 64 * 2 ** 20)],
    ] as const) {
      const [tight] = preflight(text, profiles).diagnostics;
      expect(tight?.message).toMatch(/It fits with .*n_embd \d+/);
      expect(codes(preflight(applyEdits(text, tight?.fixes[0]?.edits ?? []), profiles))).toEqual([]);
    }
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
