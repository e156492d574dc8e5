import { expect, test } from 'vitest';
import type { KernelTiming } from '../device.ts';
import { boundInWords, GROUPINGS, profileTable } from './profile-table.ts';
import { profileText } from './profile-text.ts';
import { joinProfiles, type RecordedStep } from './recorded-step.ts';

const kernel = (
  name: string,
  scope: string,
  start_ms: number,
  ms: number,
  flops: number,
  bytes: number,
): KernelTiming => ({ kernel: name, scope, start_ms, ms, flops, bytes });

const RECORDED: RecordedStep = {
  step: 12,
  device: 'wasm',
  clock: 'processor',
  total_ms: 10,
  ceilings: { flops_per_second: 1e9, bytes_per_second: 1e9 },
  kernels: [
    kernel('matmul', 'transformer.h.0.attn', 0, 4, 3.6e6, 1e6),
    kernel('matmul', 'transformer.h.1.attn', 4, 3, 2e6, 1e6),
    kernel('layer_norm', 'transformer.h.0.ln_1', 8, 2, 1e4, 1e6),
  ],
};

test('calls of one kernel in all layers make one row, the longest first', () => {
  const { rows, total, idle_ms } = profileTable(RECORDED, 'op');
  expect(rows.map(({ op, module, calls, ms }) => ({ op, module, calls, ms }))).toEqual([
    { op: 'matmul', module: 'transformer.h.*.attn', calls: 2, ms: 7 },
    { op: 'layer_norm', module: 'transformer.h.*.ln_1', calls: 1, ms: 2 },
  ]);
  expect(rows[0]).toMatchObject({ share: 0.7, flops: 5.6e6, bytes: 2e6, bound_by: 'arithmetic' });
  expect(rows[0]?.flops_per_second).toBeCloseTo(0.8e9);
  expect(rows[0]?.of_best_flops).toBeCloseTo(0.8);
  expect(rows[1]?.of_best_bytes).toBeCloseTo(0.5);
  expect(rows[1]?.bound_by).toBe('memory');
  expect(total).toMatchObject({ ms: 9, calls: 3 });
  expect(idle_ms).toBeCloseTo(1);
});

test('every grouping adds up to the same', () => {
  for (const by of GROUPINGS) {
    const { rows, total } = profileTable(RECORDED, by);
    expect(rows.reduce((sum, { ms }) => sum + ms, 0)).toBeCloseTo(total.ms);
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
  }
});

test('what bounds the step, in words', () => {
  expect(boundInWords(RECORDED)).toBe(
    "Matrix products take 70% of the step, at 80% of this device's best arithmetic.",
  );
  expect(boundInWords({ ...RECORDED, ceilings: null })).toBe('Matrix products take 70% of the step.');
  const { kernels } = RECORDED;
  const idle = { ...RECORDED, total_ms: 10, kernels: kernels.map((one) => ({ ...one, ms: one.ms / 5 })) };
  expect(boundInWords(idle)).toMatch(/^For 82% of the step no kernel runs: starting 3 of them/);
  const norms = { ...RECORDED, total_ms: 2, kernels: kernels.slice(2).map((k) => ({ ...k, start_ms: 0 })) };
  expect(boundInWords(norms)).toBe("Norms take 100% of the step, at 50% of this device's best memory speed.");
  expect(boundInWords({ ...RECORDED, kernels: [] })).toBe('Nothing was recorded.');
});

test('kernels that overlap leave no idle time, and nothing is divided by zero', () => {
  const at = [
    kernel('matmul', 'a', 0, 10, 1, 1),
    kernel('copy', 'a', 2, 3, 0, 0),
    kernel('fill', '', 5, 0, 0, 0),
  ];
  const { rows, idle_ms } = profileTable({ ...RECORDED, kernels: at }, 'call');
  expect(idle_ms).toBe(0);
  for (const row of rows) {
    for (const value of Object.values(row)) if (typeof value === 'number') expect(value).not.toBeNaN();
  }
});

test('micro-batches and the update follow one another', () => {
  const profile = { outputs: {}, clock: 'processor' as const, total_ms: 10, kernels: RECORDED.kernels };
  const joined = joinProfiles([profile, profile], { step: 1, device: 'wasm', ceilings: null });
  expect(joined.total_ms).toBe(20);
  expect(joined.kernels.map(({ start_ms }) => start_ms)).toEqual([0, 4, 8, 10, 14, 18]);
});

test('a device is at least as fast as a kernel of the step was', () => {
  const { kernels, ceilings } = RECORDED;
  const fast = kernels.map((one) => ({ ...one, flops: one.flops * 2 }));
  const profile = { outputs: {}, clock: 'processor' as const, total_ms: 10, kernels: fast };
  const joined = joinProfiles([profile], { step: 1, device: 'wasm', ceilings });
  expect(joined.ceilings).toEqual({ flops_per_second: 1.8e9, bytes_per_second: 1e9 });
  // In 1 ms that a coarse clock shows, much more may have passed.
  const brief = [{ ...fast[0], ms: 1, flops: 9e9 } as KernelTiming];
  const unsure = joinProfiles([{ ...profile, kernels: brief }], { step: 1, device: 'webgpu', ceilings });
  expect(unsure.ceilings).toEqual(ceilings);
  const cached = kernels.slice(2).map((one) => ({ ...one, start_ms: 0, bytes: one.bytes * 4 }));
  expect(boundInWords({ ...RECORDED, total_ms: 2, kernels: cached })).toBe(
    "Norms take 100% of the step, faster than this device's memory: what they work on lies in its caches.",
  );
});

test('the table as text', () => {
  expect(profileText(RECORDED, 'kind').split('\n')).toEqual([
    'Step 12 on wasm: 10.00 ms in 3 kernels, 1.00 ms between them.',
    'Best of this device: 1 GFLOP/s, 1 GB/s.',
    '',
    'Op                     ms  Share  MFLOP  MB  GFLOP/s  of best   GB/s  of best',
    'Matrix products × 2  7.00    70%    5.6   2      0.8      80%  0.286      29%',
    'Norms                2.00    20%   0.01   1    0.005     0.5%    0.5      50%',
    'all × 3              9.00    90%   5.61   3    0.623      62%  0.333      33%',
    '',
    "Matrix products take 70% of the step, at 80% of this device's best arithmetic.",
  ]);
  expect(profileText(RECORDED, 'call', 1)).toContain('... and 2 more');
});

test('a kernel that was over before the clock had moved has no speed, rather than none to speak of', () => {
  const kernels = [...RECORDED.kernels, kernel('reduce_sum', 'loss', 10, 0, 5e3, 1e3)];
  const line = profileText({ ...RECORDED, kernels }, 'op')
    .split('\n')
    .find((text) => text.startsWith('reduce_sum'));
  expect(line?.split(/\s+/)).toEqual([
    'reduce_sum',
    'loss',
    '0.000',
    '0%',
    '0.005',
    '0.001',
    '–',
    '–',
    '–',
    '–',
  ]);
});
