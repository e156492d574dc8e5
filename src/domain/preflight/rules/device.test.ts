import { describe, expect, it } from 'vitest';
import { applyEdits } from '../../config/edit.ts';
import { SAMPLE, sampleWith } from '../../config/testing/configs.ts';
import { preflight } from '../preflight.ts';
import { NO_PROFILES, type Profiles } from '../report.ts';
import { codes, deviceWith, expectRule, find, marked } from '../testing/reports.ts';

/** As `deviceWith`, but another device. */
function named(name: 'tfjs-webgpu' | 'wasm', memory_bytes: number | null): Profiles {
  const { device, ...others } = deviceWith(memory_bytes);
  if (device === null) throw new Error('no device');
  return { ...others, device: { ...device, name } };
}

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
    for (const name of ['tfjs-webgpu', 'wasm'] as const) {
      const needed = preflight(SAMPLE, named(name, null)).estimate.bytes.total ?? 0;
      const profiles = named(name, needed * 0.8);
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

  it('counts halves where the device stores them, and says where it does not', () => {
    const text = sampleWith(['seed: 1337', 'seed: 1337\n  dtype: float16']);
    const limits = { max_buffer_bytes: null, memory_bytes: null };
    const on = (name: 'webgpu' | 'wasm' | 'tfjs-wasm', config: string) =>
      preflight(config, { ...NO_PROFILES, device: { name, description: '', limits } });
    const total = (...of: Parameters<typeof on>) => on(...of).estimate.bytes.activations ?? 0;
    expect(total('webgpu', text)).toBeLessThan(0.7 * total('webgpu', SAMPLE));
    expect(codes(on('webgpu', text))).toEqual(codes(on('webgpu', SAMPLE)));
    expect(on('webgpu', text).spec?.dtype).toBe('float16');
    for (const name of ['wasm', 'tfjs-wasm'] as const) {
      expect(Math.abs(total(name, text) / total(name, SAMPLE) - 1)).toBeLessThan(0.05);
      const report = on(name, text);
      expect(find(report, 'ANN-CFG-063')).toMatchObject({
        severity: 'info',
        message: `float16 is stored as float32 on ${name}: the run trains as well and takes as much memory as float32.`,
      });
      expect(report.spec?.dtype).toBe('float16');
    }
    const profiles = { ...NO_PROFILES, device: { name: 'wasm' as const, description: '', limits } };
    expectRule(text, 'ANN-CFG-063', 'float16', profiles, ['Use float32']);
    // Nobody knows yet which device `auto` takes.
    expect(codes(preflight(text, NO_PROFILES))).toEqual(codes(preflight(SAMPLE, NO_PROFILES)));
    expectRule(text.replace('float16', 'float16\n  device: wasm'), 'ANN-CFG-063', 'float16', NO_PROFILES, [
      'Use float32',
    ]);
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
    // The same model, with more work, goes before another model; where a device keeps no scores of attention.
    const own = find(preflight(long, named('wasm', 100e6)), 'ANN-CFG-060');
    expect(own.fixes[0]?.title).toMatch(/gradient_checkpointing true/);
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
