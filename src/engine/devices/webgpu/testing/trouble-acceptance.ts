import { describe, expect, test } from 'vitest';
import { deviceErrors } from '../../../errors.ts';
import type { StateSpec } from '../../../graph/ir.ts';
import { openGpu } from '../adapter.ts';
import { openWebgpu } from '../device.ts';
import { doubling, states, step, wide } from './programs.ts';
import { type WatchedGpu, watch } from './watched-gpu.ts';

/** What the device promises when things go wrong, and that a step allocates and compiles nothing. */
export function troubleAcceptance(gpu: GPU): void {
  const opened = async () => {
    const { device: real } = await openGpu(gpu);
    const watched = watch(real);
    return { real, watched, device: await openWebgpu(watched.device) };
  };

  describe('webgpu in trouble', () => {
    test('after the first step nothing is allocated or compiled, and a run is one submit', async () => {
      const { watched, device, real } = await opened();
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      await executable.run({ step });
      const before = new Map(watched.calls);
      for (let run = 0; run < 5; run++) await executable.run({ step });
      const made = [...watched.calls].map(
        ([name, count]) => [name, count - (before.get(name) ?? 0)] as const,
      );
      const created = made.filter(([name, count]) => /^create(?!CommandEncoder)/.test(name) && count > 0);
      expect(created).toEqual([]);
      expect(Object.fromEntries(made)).toMatchObject({ submit: 5, writeBuffer: 5, createCommandEncoder: 5 });
      real.destroy();
    });

    test('runs may be under way together, three at most, and end in order', async () => {
      const { watched, device, real } = await opened();
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      const ended: number[] = [];
      const runs = Array.from({ length: 9 }, async (_, i) => {
        const { last } = await executable.run({ step });
        ended.push(i);
        return last?.[0];
      });
      expect(await Promise.all(runs)).toEqual([2, 6, 14, 30, 62, 126, 254, 510, 1022]);
      expect(ended).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
      expect(watched.most.mapping).toBe(3);
      real.destroy();
    });

    test('ten thousand runs hold what the first held', async () => {
      const { watched, device, real } = await opened();
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      await executable.run({ step });
      const before = new Map(watched.calls);
      const bytes = watched.bytes();
      for (let run = 0; run < 1000; run++) {
        await Promise.all(Array.from({ length: 10 }, () => executable.run({ step })));
      }
      expect(watched.bytes()).toBe(bytes);
      for (const method of ['createBuffer', 'createBindGroup', 'createComputePipelineAsync']) {
        expect(watched.calls.get(method)).toBe(before.get(method));
      }
      real.destroy();
    });

    test('a profile says when each kernel ran, with the same results', async () => {
      const { device, real } = await opened();
      const plain = await device.open(states);
      const session = await device.open(states);
      const [wanted, executable] = [await plain.compile(doubling()), await session.compile(doubling())];
      for (let run = 0; run < 2; run++) {
        const { outputs, kernels, clock, total_ms } = await executable.profile({ step });
        expect(outputs).toEqual(await wanted.run({ step }));
        expect(clock).toBe(real.features.has('timestamp-query') ? 'timestamp-query' : 'processor');
        expect(kernels.map(({ kernel }) => kernel)).toContain('elementwise');
        for (const { start_ms, ms } of kernels) {
          expect(start_ms).toBeGreaterThanOrEqual(0);
          expect(start_ms + ms).toBeLessThanOrEqual(total_ms + 1e-6);
        }
      }
      real.destroy();
    });

    test('what a session says that it holds is what it holds, and all of it is freed', async () => {
      const { watched, device, real } = await opened();
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      await executable.run({ step });
      expect(session.memoryBytes()).toBe(watched.bytes());
      expect(watched.bytes()).toBeGreaterThan(0);
      executable.dispose();
      expect(session.memoryBytes()).toBe(watched.bytes());
      session.dispose();
      session.dispose();
      expect(watched.bytes()).toBe(0);
      real.destroy();
    });

    test('a large state is read in slices, and is whole', async () => {
      const { watched, device, real } = await opened();
      const size = 2 ** 21 + 5;
      const session = await device.open([{ name: 'large', shape: [size], dtype: 'f32', kind: 'parameter' }]);
      const values = Float32Array.from({ length: size }, (_, i) => i % 65_521);
      await session.write('large', values);
      const before = watched.bytes();
      let most = before;
      // Looked at when there is one more, not now and then: a read may be over before anybody looks.
      watched.faults.onBuffer = () => {
        most = Math.max(most, watched.bytes());
      };
      const found = await session.read('large');
      watched.faults.onBuffer = null;
      expect(most).toBeGreaterThan(before);
      expect(most - before).toBeLessThanOrEqual(4 * 2 ** 20);
      expect(found.findIndex((value, i) => value !== values[i])).toBe(-1);
      expect([found.length, watched.bytes()]).toEqual([size, before]);
      real.destroy();
    });

    test('a session disposed while programs run frees everything and leaves nobody waiting', async () => {
      const { watched, device, real } = await opened();
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      const running = Array.from({ length: 6 }, () => executable.run({ step }));
      session.dispose();
      expect(watched.bytes()).toBe(0);
      for (const one of await Promise.allSettled(running)) {
        expect(one).toMatchObject({ status: 'rejected', reason: { code: deviceErrors.failed.code } });
      }
      await expect(executable.run({ step })).rejects.toMatchObject({ code: deviceErrors.failed.code });
      // Others on the same GPU go on.
      const other = await device.open(states);
      expect((await (await other.compile(doubling())).run({ step })).last).toEqual(Float32Array.of(2, 4, 6));
      real.destroy();
    });

    test('a GPU that is lost says so, lets nobody wait, and another can be opened', async () => {
      const { device, real } = await opened();
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      await executable.run({ step });
      const running = Array.from({ length: 6 }, () => executable.run({ step }));
      real.destroy();
      const code = deviceErrors.lost.code;
      expect(await device.lost).toMatchObject({ code, fix: deviceErrors.lost.fix });
      const outcomes = await Promise.allSettled([...running, session.read('total')]);
      const rejected = outcomes.filter(({ status }) => status === 'rejected');
      expect(rejected.length).toBeGreaterThan(0);
      for (const one of rejected) expect(one).toMatchObject({ reason: { code } });
      await expect(executable.run({ step })).rejects.toMatchObject({ code });
      await expect(device.open(states)).rejects.toMatchObject({ code });
      session.dispose();
      device.dispose();
      const next = await openWebgpu(gpu);
      const again = await next.open(states);
      await (await again.compile(doubling())).run({ step });
      expect([...(await again.read('total'))]).toEqual([2, 4, 6]);
      next.dispose();
    });

    test('a device that is closed refuses to run', async () => {
      const device = await openWebgpu(gpu);
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      device.dispose();
      await expect(executable.run({ step })).rejects.toMatchObject({ code: deviceErrors.lost.code });
      await expect(device.open(states)).rejects.toMatchObject({ code: deviceErrors.lost.code });
    });

    test('memory that does not suffice is said, holds nothing, and what ran before still runs', async () => {
      const { watched, device, real } = await opened();
      const session = await device.open(states);
      const small = await session.compile(doubling());
      await session.write('total', step);
      watched.faults.memory = 2 ** 20;
      const before = watched.bytes();
      const code = deviceErrors.outOfMemory.code;
      const large = session.compile(wide(2 ** 19));
      await expect(large).rejects.toMatchObject({ code, message: /for the arena.*no memory is left/ });
      const state = { ...(states[0] as StateSpec), shape: [2 ** 20] };
      await expect(device.open([state])).rejects.toMatchObject({ code, message: /for the state/ });
      expect(watched.bytes()).toBe(before);
      expect((await small.run({ step })).last).toEqual(Float32Array.of(4, 8, 12));
      watched.faults.memory = Number.POSITIVE_INFINITY;
      await session.compile(wide(2 ** 19));
      expect((await small.run({ step })).last).toEqual(Float32Array.of(10, 20, 30));
      real.destroy();
    });

    test('a kernel that does not compile is named, with the words of the compiler', async () => {
      const { watched, device, real } = await opened();
      const session = await device.open(states);
      watched.faults.shader = (code) => code.replace('fn main', 'fn fn main');
      const compiled = session.compile(doubling());
      await expect(compiled).rejects.toMatchObject({
        code: deviceErrors.failed.code,
        message: /The kernel elementwise does not compile.*fn/s,
      });
      watched.faults.shader = null;
      await (await session.compile(doubling())).run({ step });
      real.destroy();
    });

    test('a GPU that fails the start-up gate is refused in words for its user', async () => {
      const { watched, real } = await gated((code) => code.replace('f32(k) - 31.5', 'f32(k) - 31.25'));
      await expect(openWebgpu(watched.device)).rejects.toMatchObject({
        code: deviceErrors.probeFailed.code,
        message:
          /^The GPU .+ does not compute what it should \(word 0 is \d+ instead of \d+\), so it is not used$/,
        fix: deviceErrors.probeFailed.fix,
      });
      real.destroy();
    });

    test('an option that fails the gate is left out, and the description says so', async () => {
      const { watched, real } = await gated((code) => code.replace('subgroupAdd(f32(lane))', '0.0'));
      const device = await openWebgpu(watched.device);
      if (real.features.has('subgroups')) {
        expect(device.gpu.facts.subgroups).toBe(false);
        expect(device.info.description).toMatch(/no subgroups: word 0 is 0 instead of 2016/);
      }
      const session = await device.open(states);
      expect((await (await session.compile(doubling())).run({ step })).last?.[2]).toBe(6);
      real.destroy();
    });

    test('an option that the GPU refuses in the self-test is left out, and nobody else hears of it', async () => {
      const { watched, real } = await gated((code) =>
        code.replace('result : array<u32, 4>', 'result : array<u32, 400>'),
      );
      const heard: string[] = [];
      real.addEventListener('uncapturederror', ({ error }) => heard.push(error.message));
      const device = await openWebgpu(watched.device);
      if (real.features.has('subgroups')) {
        expect(device.info.description).toMatch(/no subgroups: The self-test: .*[Bb]inding/s);
      }
      await real.queue.onSubmittedWorkDone();
      expect(heard).toEqual([]);
      real.destroy();
    });
  });

  async function gated(shader: (code: string) => string): Promise<{ watched: WatchedGpu; real: GPUDevice }> {
    const { device: real } = await openGpu(gpu);
    const watched = watch(real);
    watched.faults.shader = shader;
    return { watched, real };
  }
}
