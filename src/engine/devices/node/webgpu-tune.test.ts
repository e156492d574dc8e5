import { expect, test } from 'vitest';
import { GraphBuilder } from '../../graph/builder.ts';
import { fixed } from '../../graph/dim.ts';
import { openWebgpu } from '../webgpu/device.ts';
import { candidates } from '../webgpu/kernels/matmul/choose.ts';
import type { TilingStore } from '../webgpu/tilings.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();

test.skipIf(gpu === null)(
  'the fastest tiling of a shape is measured once for an adapter, and kept',
  async () => {
    const kept: Record<string, Readonly<Record<string, string>>> = {};
    let saved = 0;
    const tilings: TilingStore = {
      least_flops: 0,
      load: async (adapter) => kept[adapter] ?? {},
      save: async (adapter, choices) => {
        saved++;
        kept[adapter] = choices;
      },
    };
    const g = new GraphBuilder();
    const a = g.state('a', [fixed(40), fixed(36)], 'parameter');
    const b = g.state('b', [fixed(36), fixed(24)], 'parameter');
    const c = g.node('matmul', [a, b], { transpose_a: false, transpose_b: false });
    const program = g.program('product', { outputs: { c } });
    // Taken for a real GPU, on which alone tilings are measured.
    for (let visit = 0; visit < 2; visit++) {
      const device = await openWebgpu(gpu ?? undefined, { tilings, facts: { software: false } });
      const session = await device.open(g.states);
      await session.write('a', new Float32Array(40 * 36).fill(0.5));
      await session.write('b', new Float32Array(36 * 24).fill(2));
      const { c: product } = await (await session.compile(program)).run({});
      expect(product).toEqual(new Float32Array(40 * 24).fill(36));
      const [choices = {}] = Object.values(kept);
      const shape = { batch: 1, m: 40, n: 24, k: 36, sums: null, epilogue: null };
      const rest = { transpose_a: false, transpose_b: false, shared_b: true };
      if (device.gpuDevice.features.has('timestamp-query')) {
        expect(Object.values(choices)).toHaveLength(1);
        expect(candidates({ ...shape, ...rest }, device.gpu.facts)).toContain(Object.values(choices)[0]);
        expect(saved).toBe(1);
      }
      device.dispose();
    }
  },
);
