import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { openGpu } from '../webgpu/adapter.ts';
import { nodeGpu } from './dawn.ts';
import { patientImmediate } from './polling.ts';

/** As Dawn's: no JavaScript, and without a name. */
const native = (call: () => void): (() => void) =>
  new Proxy(
    Object.defineProperty(() => undefined, 'name', { value: '' }),
    { apply: call },
  );

function looked() {
  let time = 0;
  const order: string[] = [];
  const waiting: (() => void)[] = [];
  const immediate = patientImmediate({
    now: () => time,
    soon: (callback, ...args) => {
      order.push('soon');
      waiting.push(() => callback(...args));
    },
    later: (callback, ms) => {
      order.push(`in ${ms} ms`);
      waiting.push(callback);
    },
  });
  const turn = (ms: number): void => {
    time += ms;
    for (const callback of waiting.splice(0)) callback();
  };
  return { immediate, order, turn };
}

test('a wait is polled at once while it is short, then with pauses; the next one is short again', () => {
  const { immediate, order, turn } = looked();
  let polls = 0;
  const poll = native(() => {
    if (++polls < 5) immediate(poll);
  });
  immediate(poll);
  for (const ms of [1, 1, 1, 1]) turn(ms);
  expect(order).toEqual(['soon', 'soon', 'soon', 'soon', 'in 1 ms']);
  turn(100);
  expect(polls).toBe(5);
  immediate(poll);
  expect(order.at(-1)).toBe('soon');
});

test('what programs ask for comes at once and with what goes with it, however long somebody waits', () => {
  const { immediate, order, turn } = looked();
  const poll = native(() => immediate(poll));
  immediate(poll);
  turn(50);
  const told: unknown[] = [];
  immediate((...args) => told.push(...args), 1, 'two');
  expect(order).toEqual(['soon', 'in 1 ms', 'soon']);
  turn(0);
  expect(told).toEqual([1, 'two']);
});

test('the process sleeps while a kernel is compiled', async (context) => {
  const gpu = await nodeGpu();
  if ((await gpu?.requestAdapter()) == null)
    return context.skip('there is neither a GPU nor SwiftShader here');
  const { device } = await openGpu(gpu ?? undefined);
  // Who is let compute only when the kernel is ready has not waited for it: then a longer one is compiled.
  let idle = 0;
  for (let length = 400; idle === 0 && length <= 3200; length *= 2) {
    const sums = Array.from({ length }, (_, i) => `x = sin(x * ${i}.5) + cos(x);`).join('\n');
    const code = `@group(0) @binding(0) var<storage, read_write> y : array<f32>;
      @compute @workgroup_size(1) fn main() { var x = y[0]; ${sums} y[0] = x; }`;
    const before = performance.eventLoopUtilization();
    await device.createComputePipelineAsync({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code }) },
    });
    idle = performance.eventLoopUtilization(before).idle;
  }
  expect(idle).toBeGreaterThan(0);
  device.destroy();
});
