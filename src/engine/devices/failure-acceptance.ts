import { describe, expect, test } from 'vitest';
import { deviceErrors } from '../errors.ts';
import { GraphBuilder } from '../graph/builder.ts';
import { fixed } from '../graph/dim.ts';
import type { Program, StateSpec } from '../graph/ir.ts';
import type { TfjsBackend } from './tfjs/backend.ts';
import { TfjsDevice } from './tfjs/device.ts';

/** What a tfjs backend must do when things go wrong: lose nothing, leak nothing, say what it was. */
export function failureAcceptance(name: string, open: () => Promise<TfjsBackend>): void {
  describe(`${name} in trouble`, () => {
    test('frees every tensor when sessions are disposed, also after runs that failed', async () => {
      const backend = await open();
      const device = new TfjsDevice(failing(backend, new Error('no such luck')));
      const before = backend.backend.numDataIds();
      const session = await device.open(states);
      const good = await session.compile(doubling('good', 'abs'));
      const bad = await session.compile(doubling('bad', 'relu'));
      await session.write('total', Float32Array.of(1, 2, 3));
      for (let i = 0; i < 3; i++) {
        await good.run({ step });
        await expect(bad.run({ step })).rejects.toMatchObject({ code: deviceErrors.failed.code });
        await expect(good.run({})).rejects.toMatchObject({ code: deviceErrors.badFeed.code });
      }
      good.dispose();
      expect(backend.backend.numDataIds()).toBeGreaterThan(before);
      session.dispose();
      session.dispose();
      expect(backend.backend.numDataIds()).toBe(before);
      device.dispose();
    });

    test('a session disposed while it runs lets the run end and frees everything', async () => {
      const backend = await open();
      const device = new TfjsDevice(backend);
      const before = backend.backend.numDataIds();
      const session = await device.open(states);
      const executable = await session.compile(doubling('doubling', 'abs'));
      const running = executable.run({ step });
      session.dispose();
      await Promise.allSettled([running]);
      await expect(executable.run({ step })).rejects.toMatchObject({ code: deviceErrors.failed.code });
      // The turn after the run is the one that frees.
      await expect.poll(() => backend.backend.numDataIds()).toBe(before);
      device.dispose();
    });

    test('a run that fails half way leaves the state, and the next run goes on', async () => {
      const device = new TfjsDevice(failing(await open(), new RangeError('Array buffer allocation failed')));
      const session = await device.open(states);
      await session.write('total', Float32Array.of(1, 2, 3));
      const bad = await session.compile(doubling('bad', 'relu'));
      await expect(bad.run({ step })).rejects.toMatchObject({ code: deviceErrors.outOfMemory.code });
      expect([...(await session.read('total'))]).toEqual([1, 2, 3]);
      const good = await session.compile(doubling('good', 'abs'));
      await good.run({ step });
      expect([...(await session.read('total'))]).toEqual([4, 8, 12]);
      device.dispose();
    });

    test('an error that the device reports after the fact undoes the run', async () => {
      const backend = await open();
      let late = false;
      const watch = () => async () => (late ? deviceErrors.outOfMemory() : null);
      const device = new TfjsDevice({ ...backend, watch });
      const session = await device.open(states);
      await session.write('total', Float32Array.of(1, 2, 3));
      const executable = await session.compile(doubling('late', 'abs'));
      late = true;
      await expect(executable.run({ step })).rejects.toMatchObject({ code: deviceErrors.outOfMemory.code });
      const zeros = session.write('total', new Float32Array(3));
      await expect(zeros).rejects.toMatchObject({ code: deviceErrors.outOfMemory.code });
      late = false;
      expect([...(await session.read('total'))]).toEqual([1, 2, 3]);
      device.dispose();
    });

    test('a tensor larger than the device takes is refused before anything runs', async () => {
      const backend = await open();
      const limit = backend.info.limits.max_buffer_bytes;
      const device = new TfjsDevice(backend);
      const session = await device.open([]);
      const graph = new GraphBuilder();
      const x = graph.input('x', [fixed(1)], 'f32');
      const wide = graph.node('broadcast_to', [x], {}, [fixed(2 ** 25), fixed(2 ** 10)]);
      const total = graph.node('sum_squares', [wide], {});
      const compiled = session.compile(graph.program('huge', { outputs: { total } }));
      if (limit === null) await compiled;
      else await expect(compiled).rejects.toMatchObject({ code: deviceErrors.outOfMemory.code });
      device.dispose();
    });

    test('a device that is closed refuses to run', async () => {
      const device = new TfjsDevice(await open());
      const session = await device.open(states);
      const executable = await session.compile(doubling('doubling', 'abs'));
      device.dispose();
      await expect(executable.run({ step })).rejects.toMatchObject({ code: deviceErrors.lost.code });
      await expect(device.open(states)).rejects.toMatchObject({ code: deviceErrors.lost.code });
    });
  });
}

/** `take` makes the backend go away as the world would take it. */
export function lossAcceptance(
  name: string,
  open: () => Promise<TfjsBackend>,
  take: (backend: TfjsBackend) => void,
): void {
  test(`${name} that is lost says so and lets nobody wait`, async () => {
    const backend = await open();
    const device = new TfjsDevice(backend);
    const session = await device.open(states);
    const executable = await session.compile(doubling('doubling', 'abs'));
    await executable.run({ step });
    const running = executable.run({ step });
    take(backend);
    const code = deviceErrors.lost.code;
    expect(await device.lost).toMatchObject({ code });
    const outcomes = await Promise.allSettled([running, executable.run({ step }), session.read('total')]);
    expect(outcomes[1]).toMatchObject({ status: 'rejected', reason: { code } });
    expect(outcomes[2]).toMatchObject({ status: 'rejected', reason: { code } });
    session.dispose();
    device.dispose();
    // A new one can be opened where the old one was.
    const next = new TfjsDevice(await open());
    const again = await next.open(states);
    await (await again.compile(doubling('doubling', 'abs'))).run({ step });
    expect([...(await again.read('total'))]).toEqual([2, 4, 6]);
    next.dispose();
  });
}

const step = Float32Array.of(1, 2, 3);
const states: readonly StateSpec[] = [{ name: 'total', shape: [3], dtype: 'f32', kind: 'parameter' }];

/** total <- 2 * |total + step|, for `relu` on the same path; relu is the op that `failing` breaks. */
function doubling(name: string, op: 'abs' | 'relu'): Program {
  const graph = new GraphBuilder();
  const total = graph.state('total', [fixed(3)], 'parameter');
  const sum = graph.node('add', [total, graph.input('step', [fixed(3)], 'f32')], {});
  const two = graph.node('constant', [], { value: 2 }, []);
  const twice = graph.node('mul', [sum, two], {});
  const last = graph.node(op, [twice], {});
  return graph.program(name, { outputs: { last }, updates: { total: last } });
}

function failing(backend: TfjsBackend, error: Error): TfjsBackend {
  const relu = () => {
    throw error;
  };
  return { ...backend, kernels: { ...backend.kernels, relu } };
}
