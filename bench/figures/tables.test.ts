import { expect, test } from 'vitest';
import type { Kept, KeptReport } from '../engine/kept.ts';
import { chartOf } from './chart.ts';
import { fallen, tablesOf } from './tables.ts';
import { between } from './write.ts';

const step: KeptReport = {
  name: 'step small gpt2',
  machine: 'two cores',
  results: [
    { engine: 'anneal', device: 'wasm', preset: 'small', where: 'chromium', median_ms: 45.39, runs: 90 },
    { engine: 'pytorch', device: 'cpu', preset: 'small', where: 'native', median_ms: 49.03, runs: 80 },
  ],
  details: [{ model: 'gpt2', gflops: 84.06, ratio_to_ours: 1 }, { model: 'gpt2' }],
  absent: [
    { engine: 'tfjs', device: 'wasm', preset: 'small', where: 'chromium', why: 'Its first losses are 4 5.' },
  ],
  // As if somebody had changed a verdict by hand.
  bars: [
    { name: 'times the time of PyTorch', op: '<=', limit: 1.2, value: 0.93, holds: false },
    { name: 'times faster than tfjs', op: '>=', limit: 40, value: 36.2, holds: true },
  ],
  command: 'step',
  at: '2026-11-21T09:03:20.000Z',
  revision: 'abc1234',
  load: 0.31,
};
const kept: Kept = {
  begun: '',
  reports: { 'step small wasm chromium': step },
  failures: { recipe: { why: 'It was not over after 25 minutes.', at: '2026-11-21T09:40:00.000Z' } },
};

test('verdicts are computed from value and limit', () => {
  const text = tablesOf(kept);
  expect(text).toContain('| times the time of PyTorch | at most 1.2 | 0.93 | holds |');
  expect(text).toContain('| times faster than tfjs | at least 40 | 36.2 | **falls** |');
  expect(fallen(kept).map(({ name }) => name)).toEqual(['times faster than tfjs']);
});

test('every time has the number of its runs, its date, commit and load; what is missing is named', () => {
  const text = tablesOf(kept);
  expect(text).toContain(
    '| step small wasm chromium | small gpt2 | Anneal, wasm, chromium | 45.4 | 90 | 1 | 84.1 | 2026-11-21 09:03, abc1234, 0.3 |',
  );
  expect(text).toContain('- step small wasm chromium: tfjs, wasm: Its first losses are 4 5.');
  expect(text).toContain('- recipe, 2026-11-21 09:40: It was not over after 25 minutes.');
  expect(text).toMatch(/### Not measured\n\n(- .*\n)*- recipe\n/);
});

test('only what is between the marks is replaced', () => {
  const text =
    'above\n<!-- written by `anneal bench figures` -->\nold\n<!-- end of what is written -->\nbelow';
  expect(between(text, 'new')).toBe(text.replace('\nold\n', '\n\nnew\n\n'));
  expect(() => between('neither', 'new')).toThrow('RESULTS.md has no');
});

test('the chart shows what was timed, the fastest first, ours marked', () => {
  const svg = chartOf(kept) ?? '';
  expect(svg).toContain('Anneal, wasm 45.4 ms, PyTorch, native 49.0 ms.');
  expect(svg.match(/<rect class="ours"/g)?.length).toBe(1);
  expect(chartOf({ ...kept, reports: {} })).toBeNull();
});
