import { describe, expect, test } from 'vitest';
import type { Device, Session } from '../../../device.ts';
import { deviceErrors } from '../../../errors.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import type { Program, StateSpec } from '../../../graph/ir.ts';
import { openWasmDevice } from '../device.ts';
import type { Helper, WasmHost } from '../host.ts';
import type { Machine } from '../machine.ts';
import { nodeHost } from './host.ts';

const { lost, outOfMemory, unavailable, failed } = deviceErrors;

/** A host whose helpers can be killed from outside. */
function killable(): { host: WasmHost; helpers: Helper[] } {
  const helpers: Helper[] = [];
  const node = nodeHost();
  const startHelper: WasmHost['startHelper'] = (start, events) => {
    const helper = node.startHelper(start, events);
    helpers.push(helper);
    return helper;
  };
  return { host: { ...node, startHelper }, helpers };
}

const states: readonly StateSpec[] = [{ name: 'total', shape: [3], dtype: 'f32', kind: 'parameter' }];
const step = Float32Array.of(1, 2, 3);

/** total += step */
function counter(): Program {
  const graph = new GraphBuilder();
  const shape = [fixed(3)];
  const total = graph.state('total', shape, 'parameter');
  const sum = graph.node('add', [total, graph.input('step', shape, 'f32')], {});
  return graph.program('counter', { outputs: { sum }, updates: { total: sum } });
}

/** Some hundred milliseconds of work: x times itself, over and over. */
function long(size = 768, times = 12): Program {
  const graph = new GraphBuilder();
  let x = graph.input('x', [fixed(size), fixed(size)], 'f32');
  for (let i = 0; i < times; i++) {
    x = graph.node('matmul', [x, x], { transpose_a: false, transpose_b: false });
  }
  return graph.program('long', { outputs: { sum: graph.node('sum_squares', [x], {}) } });
}
const longFeed = { x: new Float32Array(768 * 768).fill(1e-3) };

async function countsTo(session: Session, times: number): Promise<void> {
  const executable = await session.compile(counter());
  for (let i = 0; i < times; i++) await executable.run({ step });
  expect([...(await session.read('total'))]).toEqual([times, 2 * times, 3 * times]);
}

const machineOf = (device: Device) => (device as unknown as { machine: Machine }).machine;
const taken = (device: Device) => machineOf(device).heap.taken;

describe('a wasm device without something', () => {
  test('SharedArrayBuffer computes on one thread and says why', async () => {
    const reason = 'the page is not cross-origin isolated, so that threads cannot share memory';
    const device = await openWasmDevice({ ...nodeHost(), noThreads: reason });
    expect(device.info.description).toMatch(/^WASM, (relaxed )?SIMD, 1 thread: the page is not cross-origin/);
    await countsTo(await device.open(states), 2);
    device.dispose();
  });

  test('relaxed SIMD says so', async () => {
    const features = { simd: true, relaxed: false };
    const device = await openWasmDevice(nodeHost(), { threads: 2, features });
    expect(device.info.description).toBe('WASM, SIMD, 2 threads');
    device.dispose();
  });

  test('SIMD is not available, and one hears what to do', async () => {
    const opening = openWasmDevice(nodeHost(), { features: { simd: false, relaxed: false } });
    await expect(opening).rejects.toMatchObject({ code: unavailable.code, fix: /Update the browser/ });
  });

  test('leave to wait for threads is not available, and one hears where it is', async () => {
    const opening = openWasmDevice({ ...nodeHost(), mayWait: false }, { threads: 2 });
    await expect(opening).rejects.toMatchObject({ code: unavailable.code, fix: 'Open it in a worker.' });
  });

  test('helpers that start goes on alone', async () => {
    const startHelper: WasmHost['startHelper'] = (_start, { ended }) => {
      queueMicrotask(() => ended('forbidden'));
      return { terminate: () => {} };
    };
    const device = await openWasmDevice({ ...nodeHost(), startHelper }, { threads: 3 });
    expect(device.info.description).toMatch(/1 thread: helper threads did not start$/);
    await countsTo(await device.open(states), 2);
    device.dispose();
  });
});

describe('a wasm device that loses a thread', () => {
  test('between two runs is lost, and another one can be opened', async () => {
    const { host, helpers } = killable();
    const device = await openWasmDevice(host, { threads: 2 });
    const session = await device.open(states);
    const executable = await session.compile(counter());
    await executable.run({ step });
    for (const helper of helpers) helper.terminate();
    expect(await device.lost).toMatchObject({ code: lost.code, message: /a helper thread died/ });
    const outcomes = await Promise.allSettled([executable.run({ step }), session.read('total')]);
    for (const outcome of outcomes) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: lost.code } });
    }
    device.dispose();
    const next = await openWasmDevice(nodeHost(), { threads: 2 });
    await countsTo(await next.open(states), 3);
    next.dispose();
  });

  test('in the middle of a run lets nobody wait', async () => {
    const { host, helpers } = killable();
    const device = await openWasmDevice(host, { threads: 3 });
    const session = await device.open([]);
    const executable = await session.compile(long());
    await executable.run(longFeed);
    const running = executable.run(longFeed);
    for (const helper of helpers) helper.terminate();
    // What the helpers had not begun is computed without them; what they had begun is lost with them.
    const [outcome] = await Promise.allSettled([running]);
    if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: lost.code });
    expect(await device.lost).toMatchObject({ code: lost.code });
    await expect(executable.run(longFeed)).rejects.toMatchObject({ code: lost.code });
    device.dispose();
  });

  test('whose kernel traps says that it failed', async () => {
    for (const threads of [1, 2]) {
      const device = await openWasmDevice(nodeHost(), { threads });
      const graph = new GraphBuilder();
      const table = graph.input('table', [fixed(2), fixed(4)], 'f32');
      // An id that is computed is not checked as one that is fed is.
      const ids = graph.node('constant', [], { value: 100_000_000 }, [fixed(4096)], 'i32');
      const rows = graph.node('embedding', [table, ids], {});
      const session = await device.open([]);
      const executable = await session.compile(graph.program('astray', { outputs: { rows } }));
      const outcome = executable.run({ table: new Float32Array(8) });
      await expect(outcome).rejects.toMatchObject({ code: expect.stringMatching(/ANN-DEV-00[16]/) });
      expect([failed.code, lost.code]).toContain((await device.lost).code);
      await expect(device.open([])).rejects.toMatchObject({ code: expect.stringMatching(/ANN-DEV-00[16]/) });
      device.dispose();
    }
  });
});

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
    const size = () => machineOf(device).heap.memory.buffer.byteLength;
    const small = size();
    const large: StateSpec = { name: 'large', shape: [2 ** 26], dtype: 'f32', kind: 'parameter' };
    for (let round = 0; round < 3; round++) {
      const session = await device.open([large, ...states]);
      expect(size()).toBeGreaterThan(2 ** 28);
      await countsTo(session, 2);
      session.dispose();
      const next = await device.open(states);
      await countsTo(next, 2);
      expect(size()).toBe(small);
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
});
