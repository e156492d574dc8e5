import { describe, expect, test } from 'vitest';
import { deviceErrors } from '../../../errors.ts';
import { GraphBuilder } from '../../../graph/builder.ts';
import { fixed } from '../../../graph/dim.ts';
import { openWasmDevice } from '../device.ts';
import type { Helper, WasmHost } from '../host.ts';
import { nodeHost } from './host.ts';
import { counter, countsTo, long, longFeed, states, step } from './testing/programs.ts';

const { lost, unavailable, failed } = deviceErrors;

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
    expect(device.info.description).toBe('WASM, plain SIMD (no relaxed SIMD here), 2 threads');
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

  test('one of its helpers goes on alone, and the others stop by themselves', async () => {
    const node = nodeHost();
    const { promise: end, resolve } = Promise.withResolvers<string>();
    const startHelper: WasmHost['startHelper'] = (start, events) => {
      if (start.thread === 2) {
        queueMicrotask(() => events.ended('forbidden'));
        return { terminate: () => {} };
      }
      node.startHelper(start, { ready: events.ready, ended: resolve });
      return { terminate: () => {} }; // as where it takes its time
    };
    const device = await openWasmDevice({ ...node, startHelper }, { threads: 3 });
    expect(device.info.description).toMatch(/1 thread: helper threads did not start$/);
    await countsTo(await device.open(states), 2);
    expect(await end).toBe('it ended with code 0');
    device.dispose();
  });

  test('leave to make workers goes on alone', async () => {
    const startHelper: WasmHost['startHelper'] = () => {
      throw new Error('forbidden by the policy of the page');
    };
    const device = await openWasmDevice({ ...nodeHost(), startHelper }, { threads: 2 });
    expect(device.info.description).toMatch(/1 thread: helper threads did not start$/);
    await countsTo(await device.open(states), 2);
    device.dispose();
  });

  test('its kernels is not available, and one hears why and what to do', async () => {
    const answers = [() => Promise.reject(new Error('relaxed.wasm answered 404')), async () => empty];
    const empty = await WebAssembly.compile(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
    for (const load of answers) {
      await expect(openWasmDevice({ ...nodeHost(), load })).rejects.toMatchObject({
        code: unavailable.code,
        message: /^The kernels of the wasm device could not be loaded: \S/,
        fix: /^Reload the page/,
      });
    }
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
