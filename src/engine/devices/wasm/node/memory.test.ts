import { describe, expect, test, vi } from 'vitest';
import type { Device } from '../../../device.ts';
import { deviceErrors } from '../../../errors.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import type { StateSpec } from '../../../graph/ir.ts';
import { lower } from '../../../graph/lower/lower.ts';
import { openWasmDevice } from '../device.ts';
import type { Machine } from '../machine.ts';
import { nodeHost } from './host.ts';
import { counter, countsTo, long, longFeed, states, step } from './testing/programs.ts';

const { lost, outOfMemory, failed } = deviceErrors;

const machineOf = (device: Device) => (device as unknown as { machine: Machine }).machine;
const taken = (device: Device) => machineOf(device).heap.taken;
const size = (device: Device) => machineOf(device).heap.memory.buffer.byteLength;

describe('memory of a wasm device', () => {
  test('that is full is said with numbers, and state stays as it was', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const session = await device.open(states);
    await session.write('total', step);
    const before = taken(device);
    const huge: StateSpec = { name: 'huge', shape: [2 ** 30], dtype: 'f32', kind: 'parameter' };
    await expect(device.open([huge])).rejects.toMatchObject({
      code: outOfMemory.code,
      message: /The state of a session of 4096 MiB does not fit: .* may grow to 4096 MiB/,
      data: { bytes: 2 ** 32 },
    });
    const graph = new GraphBuilder();
    const x = graph.input('x', [fixed(1)], 'f32');
    const wide = graph.node('broadcast_to', [x], {}, [fixed(2 ** 20), fixed(2 ** 11)]);
    const top = graph.node('reduce_max', [graph.node('softmax', [wide], {})], {
      axes: [0],
      keep_dims: false,
    });
    const compiling = session.compile(graph.program('huge', { outputs: { top } }));
    await expect(compiling).rejects.toMatchObject({ code: outOfMemory.code });
    expect(taken(device)).toBe(before);
    expect([...(await session.read('total'))]).toEqual([...step]);
    device.dispose();
  });

  test('is given back with each session, and used again', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const kept = await device.open(states);
    const before = taken(device);
    const large: StateSpec = { name: 'large', shape: [2 ** 24], dtype: 'f32', kind: 'parameter' };
    for (let i = 0; i < 80; i++) {
      const session = await device.open([large, ...states]);
      if (i % 20 === 0) await session.write('large', new Float32Array(2 ** 24).fill(7));
      expect((await session.read('total'))[0]).toBe(0);
      await countsTo(session, 2);
      session.dispose();
      session.dispose();
      expect(taken(device)).toBe(before);
    }
    const again = await device.open([large]);
    expect((await again.read('large')).every((value) => value === 0)).toBe(true);
    await countsTo(kept, 3);
    device.dispose();
  });

  test('goes with the last session where it has grown large', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const small = size(device);
    const large: StateSpec = { name: 'large', shape: [2 ** 26], dtype: 'f32', kind: 'parameter' };
    for (let round = 0; round < 3; round++) {
      const session = await device.open([large, ...states]);
      expect(size(device)).toBeGreaterThan(2 ** 28);
      await countsTo(session, 2);
      session.dispose();
      const next = await device.open(states);
      await countsTo(next, 2);
      expect(size(device)).toBe(small);
      next.dispose();
    }
    device.dispose();
  });

  test('stays as it is over 10,000 steps', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const session = await device.open(states);
    const executable = await session.compile(counter());
    await executable.run({ step });
    const held = [taken(device), session.memoryBytes()];
    for (let i = 1; i < 10_000; i++) await executable.run({ step });
    expect([taken(device), session.memoryBytes()]).toEqual(held);
    expect([...(await session.read('total'))]).toEqual([10_000, 20_000, 30_000]);
    device.dispose();
  });

  test('of a session that is disposed in the middle of a run is given back after it', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const first = await device.open([]);
    await first.compile(long()); // scratch memory of the threads stays as large as it has ever been
    first.dispose();
    const before = taken(device);
    const session = await device.open([]);
    const executable = await session.compile(long());
    const running = executable.run(longFeed);
    session.dispose();
    await Promise.allSettled([running]);
    await expect(executable.run(longFeed)).rejects.toMatchObject({ code: failed.code });
    await expect.poll(() => taken(device)).toBe(before);
    device.dispose();
  });

  test('of programs that need a larger arena than those before moves under these', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const session = await device.open(states);
    const other = await device.open(states); // so that the arena cannot grow where it is
    const first = await session.compile(counter());
    await countsTo(other, 1);
    const second = await session.compile(long());
    await first.run({ step });
    await second.run(longFeed);
    await first.run({ step });
    expect([...(await session.read('total'))]).toEqual([2, 4, 6]);
    device.dispose();
    await expect(first.run({ step })).rejects.toMatchObject({ code: lost.code });
    await expect(device.open(states)).rejects.toMatchObject({ code: lost.code });
  });

  test('has no holes where programs grow from one to the next', async () => {
    const sizes = [64, 256, 512, 768];
    const grown = async (order: readonly number[]) => {
      const device = await openWasmDevice(nodeHost(), { threads: 2 });
      const session = await device.open(states);
      for (const width of order) {
        const executable = await session.compile(long(width, 2));
        await executable.run({ x: new Float32Array(width * width) });
      }
      await countsTo(session, 2);
      const grew = size(device);
      device.dispose();
      return grew;
    };
    // Backwards the first program brings all the room that there will ever be need for.
    expect((await grown(sizes)) / (await grown(sizes.toReversed()))).toBeLessThan(1.01);
  });

  test('is the same after the device has been measured', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const session = await device.open(states);
    await countsTo(session, 1);
    const before = size(device);
    const ceilings = await device.ceilings?.();
    expect(ceilings?.bytes_per_second).toBeGreaterThan(1e8);
    expect(size(device)).toBe(before);
    device.dispose();
  });

  test('that cannot be given back is the end of the device, which says so', async () => {
    const device = await openWasmDevice(nodeHost(), { threads: 2 });
    const session = await device.open(states);
    const executable = await session.compile(counter());
    const running = executable.run({ step });
    vi.spyOn(machineOf(device).heap, 'give').mockImplementationOnce(() => {
      throw new RangeError('no such block');
    });
    session.dispose();
    await Promise.allSettled([running]);
    await expect(device.open(states)).rejects.toMatchObject({
      code: failed.code,
      message: /could not be given back: RangeError: no such block/,
    });
    expect((await device.lost).code).toBe(failed.code);
    device.dispose();
  });
});

test('commands have the room that they take, also where a result lies at the very start of the arena', async () => {
  const graph = new GraphBuilder();
  const dims = [fixed(6), fixed(8)];
  const x = graph.state('x', dims, 'parameter');
  const dy = graph.state('dy', dims, 'parameter');
  const slope = graph.node('rms_norm_grad_weight', [x, dy], { epsilon: 1e-6 });
  const program = graph.program('first', { outputs: { slope } });
  const { outputs, tensors } = lower(program);
  expect(tensors[outputs.slope ?? -1]?.place).toEqual({ in: 'arena', offset: 0 });
  const device = await openWasmDevice(nodeHost(), { threads: 1 });
  try {
    const session = await device.open(graph.states);
    const values = (seed: number) => Float32Array.from({ length: 48 }, (_, i) => Math.sin(seed + i));
    await session.write('x', values(1));
    await session.write('dy', values(2));
    const run = async () => (await session.compile(program)).run({});
    const [first, second] = [await run(), await run()];
    expect(second).toEqual(first);
    expect(first.slope?.every((value) => Math.abs(value) > 0)).toBe(true);
  } finally {
    device.dispose();
  }
});
