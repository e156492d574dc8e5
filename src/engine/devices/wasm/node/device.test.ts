import { expect, test } from 'vitest';
import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import { deviceAcceptance } from '../../acceptance.ts';
import { specialAcceptance } from '../../special-acceptance.ts';
import { openWasmDevice, type WasmOptions } from '../device.ts';
import { features } from '../features.ts';
import { nodeHost } from './host.ts';

const plain = { simd: true, relaxed: false };
const settings: Readonly<Record<string, WasmOptions>> = {
  'with 2 threads': { threads: 2 },
  'with 1 thread': { threads: 1 },
  'with 3 threads, without relaxed SIMD': { threads: 3, features: plain },
  'with 1 thread, without relaxed SIMD': { threads: 1, features: plain },
};

for (const [how, options] of Object.entries(settings)) {
  if (!features().relaxed && options.features === undefined) continue;
  const open = () => openWasmDevice(nodeHost(), { ...options, poison: true });
  deviceAcceptance(`wasm ${how}`, open);
  specialAcceptance(`wasm ${how}`, open);
}

test('a recorded run says when each kernel ran, and computes what an ordinary one does', async () => {
  const graph = new GraphBuilder();
  const shape = [fixed(300), fixed(300)];
  const x = graph.input('x', shape, 'f32');
  const product = graph.node('matmul', [x, x], { transpose_a: false, transpose_b: true });
  const rows = graph.node('softmax', [product], {});
  const total = graph.node('reduce_sum', [rows], { axes: [0], keep_dims: false });
  const program = graph.program('recorded', { outputs: { total } });
  for (const threads of [1, 2]) {
    const device = await openWasmDevice(nodeHost(), { threads });
    const executable = await (await device.open([])).compile(program);
    const feeds = { x: Float32Array.from({ length: 90_000 }, (_, i) => Math.sin(i)) };
    const recorded = await executable.profile?.(feeds);
    expect(recorded?.outputs).toEqual(await executable.run(feeds));
    const kernels = recorded?.kernels ?? [];
    expect(kernels.map(({ kernel }) => kernel)).toEqual(['matmul', 'softmax', 'reduce_sum']);
    expect(kernels[0]?.flops).toBe(2 * 300 ** 3);
    for (const [i, { start_ms, ms }] of kernels.entries()) {
      expect(ms).toBeGreaterThanOrEqual(0);
      expect(start_ms).toBeGreaterThanOrEqual(
        (kernels[i - 1]?.start_ms ?? 0) + (kernels[i - 1]?.ms ?? 0) - 1e-9,
      );
    }
    expect(recorded?.total_ms).toBeGreaterThan(0);
    device.dispose();
  }
});

test('what the device reaches at best is measured on it, and leaves nothing behind', async () => {
  const device = await openWasmDevice(nodeHost(), { threads: 2 });
  let [flops_per_second, bytes_per_second] = [0, 0];
  // At best: where others have the processors for the whole of a measure, another one is taken.
  for (let i = 0; i < 20 && (flops_per_second <= 1e9 || bytes_per_second <= 1e8); i++) {
    const measured = (await device.ceilings?.()) ?? expect.fail('no ceilings');
    flops_per_second = Math.max(flops_per_second, measured.flops_per_second);
    bytes_per_second = Math.max(bytes_per_second, measured.bytes_per_second);
  }
  expect(flops_per_second).toBeGreaterThan(1e9);
  expect(bytes_per_second).toBeGreaterThan(1e8);
  expect((await device.open([])).memoryBytes()).toBe(0);
  device.dispose();
});
