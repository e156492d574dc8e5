import { expect, test } from 'vitest';
import type { EngineName } from '../contest/calls.ts';
import { workload } from '../workload/workload.ts';
import { stepBars } from './bars.ts';
import type { StepCeiling } from './ceiling.ts';
import type { Contender } from './contender.ts';

const ceiling: StepCeiling = {
  ceiling_gflops: 100,
  ceiling_of: 'anneal wasm in node',
  any_ceiling_gflops: 200,
  any_ceiling_of: 'pytorch',
  fma_gflops: 118,
  read_gbytes: 40,
  matmul: {},
};

function contender(engine: EngineName, device: string, ms: number, more: Partial<Contender> = {}): Contender {
  return {
    title: engine,
    actor: { call: () => Promise.reject(new Error('not asked')), close: async () => {} },
    ms: [[ms]],
    entrant: { engine, device, where: 'node' },
    threads: null,
    description: '',
    losses: [],
    difference: 0,
    first_ms: ms,
    peak_bytes: null,
    gpu_calls: null,
    ...more,
  };
}

function verdicts(bars: ReturnType<typeof stepBars>): Record<string, boolean> {
  return Object.fromEntries(bars.map(({ name, holds }) => [name.split(': ')[1] ?? name, holds]));
}

test('the share of the ceiling is told among engines of the same kind and among all', () => {
  const ours = contender('anneal', 'wasm', 800);
  const bars = stepBars(workload('medium', 'gpt2'), [ours], { gflop: 72, ceiling });
  expect(verdicts(bars)).toEqual({
    'share of the fastest product in WASM': true,
    'share of the fastest product of any engine (pytorch)': false,
  });
});

test.each(['google swiftshader', 'mesa llvmpipe (LLVM 15)', 'Microsoft Basic Render Driver'])(
  '%s has the bars of software adapters',
  (description) => {
    const ours = contender('anneal', 'webgpu', 700, { description });
    const peers = [contender('jax', 'webgpu', 1400), contender('tfjs', 'webgpu', 6000)];
    const bars = stepBars(workload('small', 'gpt2'), [ours, ...peers], { gflop: 3.8, ceiling });
    expect(verdicts(bars)).toEqual({
      'bytes that dispatches move, times the least of the plan': true,
      'times faster than jax-js webgpu': true,
      'times faster than tfjs webgpu': false,
    });
  },
);

test('float16 is held against our own float32 on a GPU, and nowhere else', () => {
  const halves = contender('anneal', 'webgpu', 8);
  const twice = (description: string) =>
    stepBars(
      workload('small', 'gpt2'),
      [
        contender('anneal', 'webgpu', 10, { description }),
        { ...halves, entrant: { ...halves.entrant, dtype: 'float16' } },
      ],
      { gflop: 3.8, ceiling },
    );
  expect(verdicts(twice('nvidia hopper'))).toMatchObject({ 'float16, times faster than float32': false });
  expect(verdicts(twice('google swiftshader'))).not.toHaveProperty('float16, times faster than float32');
});

test('a GPU is held against the fastest peer and its own ceiling, with the counts of the API', () => {
  const gpu_calls = { submits: 1, dispatches: 81 };
  const ours = contender('anneal', 'webgpu', 10, { description: 'nvidia hopper', gpu_calls });
  const peers = [contender('tfjs', 'webgpu', 50), contender('jax', 'webgpu', 19)];
  const bars = stepBars(workload('small', 'gpt2'), [ours, ...peers], { gflop: 0.4, ceiling });
  expect(verdicts(bars)).toEqual({
    'submits of a step': true,
    'dispatches of a step and layer': false,
    'bytes that dispatches move, times the least of the plan': true,
    'times faster than the fastest browser peer (jax)': false,
    'share of the fastest product': false,
  });
});
