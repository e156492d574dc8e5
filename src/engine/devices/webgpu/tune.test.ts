import { expect, test } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { lower } from '../../graph/lower/lower.ts';
import { SOFTWARE } from './testing/facts.ts';
import { type CompileTuned, tune } from './tune.ts';

const g = new GraphBuilder();
const [a, b] = [
  g.state('a', [fixed(512), fixed(512)], 'parameter'),
  g.state('b', [fixed(512), fixed(512)], 'parameter'),
];
const c = g.node('matmul', [a, b], { transpose_a: false, transpose_b: false });
const plan = lower(g.program('product', { outputs: { c } }));

/** A GPU on which the nth tiling takes `times[n]` ms; null: it fails. */
function gpuOf(times: readonly (number | null)[], onTrial: (trial: number) => void = () => {}) {
  const tuned = new Map<string, string>();
  const tried: string[] = [];
  const features = new Set(['timestamp-query']);
  const gpu = { facts: { ...SOFTWARE, software: false }, tuned, tilings: null, device: { features } };
  const compile: CompileTuned = async (_, only) => {
    const [variant = ''] = only.values();
    const total_ms = times[tried.length % times.length] ?? null;
    tried.push(variant);
    onTrial(tried.length);
    if (total_ms === null) throw new Error('does not compile');
    return {
      profile: async () => ({ outputs: {}, kernels: [], clock: 'timestamp-query', total_ms }),
      dispose: () => {},
    };
  };
  return { gpu: gpu as unknown as Parameters<typeof tune>[0], tuned, tried, compile };
}

test('the fastest that works is noted; nobody sees one that is being tried', async () => {
  const seen: number[] = [];
  const { gpu, tuned, tried, compile } = gpuOf([null, 3, 1, 2], () => seen.push(tuned.size));
  const noted = await tune(gpu, plan, compile, () => false);
  expect(tried.length).toBeGreaterThanOrEqual(3);
  expect(Object.values(noted)).toEqual([tried[2]]);
  expect([...tuned]).toEqual(Object.entries(noted));
  expect(new Set(seen)).toEqual(new Set([0]));
  expect(await tune(gpu, plan, compile, () => false)).toEqual({});
});

test('a measurement that is broken off notes nothing, whatever it had found so far', async () => {
  let ended = false;
  // The first was measured, the second fails as its session is gone.
  const { gpu, tuned, compile } = gpuOf([9, null, null, null], (trial) => {
    ended = trial === 2;
  });
  expect(await tune(gpu, plan, compile, () => ended)).toEqual({});
  expect(tuned.size).toBe(0);
});

test('a choice that another session has made meanwhile stays', async () => {
  const { gpu, tuned, tried, compile } = gpuOf([1, 2, 3, 4], (trial) => {
    if (trial === 2) for (const key of keys) tuned.set(key, 'theirs');
  });
  const keys = Object.keys(await tune(gpuOf([1]).gpu, plan, gpuOf([1]).compile, () => false));
  expect(keys).toHaveLength(1);
  expect(await tune(gpu, plan, compile, () => false)).toEqual({});
  expect(tried.length).toBeGreaterThan(1);
  expect([...tuned.values()]).toEqual(['theirs']);
});
