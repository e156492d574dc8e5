import { describe, expect, test } from 'vitest';
import { deviceErrors } from '../../../errors.ts';
import type { StateSpec } from '../../../graph/ir.ts';
import { openGpu } from '../adapter.ts';
import { openWebgpu } from '../device.ts';
import { doubling, states, step, wide } from './programs.ts';
import { watch } from './watched-gpu.ts';

/** What the device promises on a GPU device that others go on using: whose errors are whose, and that all is freed. */
export function sharingAcceptance(gpu: GPU): void {
  const opened = async () => {
    const { device: real } = await openGpu(gpu);
    const watched = watch(real);
    const heard: string[] = [];
    real.addEventListener('uncapturederror', (event) => {
      event.preventDefault();
      heard.push(event.error.message);
    });
    return { real, watched, heard, device: await openWebgpu(watched.device) };
  };

  describe('webgpu on a shared GPU device', () => {
    test("somebody else's mistake is told to them, and our runs go on", async () => {
      const { real, heard, device } = await opened();
      const session = await device.open(states);
      const executable = await session.compile(doubling());
      const running = executable.run({ step });
      // Mapping for writing goes with no use as storage.
      real.createBuffer({ size: 16, usage: 0x2 | 0x80 });
      expect((await running).last).toEqual(Float32Array.of(2, 4, 6));
      expect((await executable.run({ step })).last).toEqual(Float32Array.of(6, 12, 18));
      await expect.poll(() => heard).toHaveLength(1);
      real.destroy();
    });

    test('a run of ours that the GPU refuses says so, it alone, and nobody else hears of it', async () => {
      const { real, heard, device } = await opened();
      const [good, bad] = [await device.open(states), await device.open(states)];
      const [runs, fails] = [await good.compile(doubling()), await bad.compile(doubling())];
      bad.onGpu('total')?.buffer.destroy();
      const refused = { code: deviceErrors.failed.code, message: /^Running doubling: .*destroyed/s };
      const outcomes = await Promise.allSettled([
        runs.run({ step }),
        fails.run({ step }),
        runs.run({ step }),
      ]);
      expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      await expect(fails.run({ step })).rejects.toMatchObject(refused);
      await expect(fails.profile({ step })).rejects.toMatchObject({ code: refused.code });
      const what = { code: refused.code, message: /^(Reading|Writing) total: .*destroyed/s };
      await expect(bad.read('total')).rejects.toMatchObject(what);
      await expect(bad.write('total', step)).rejects.toMatchObject(what);
      await real.queue.onSubmittedWorkDone();
      expect(heard).toEqual([]);
      real.destroy();
    });

    test('a session disposed at any moment of preparing a program frees everything', async () => {
      const { real, watched, device } = await opened();
      const buffers = await buffersMade(watched, async () => {
        const session = await device.open(states);
        await (await session.compile(doubling())).run({ step });
        await session.compile(wide(4096));
        session.dispose();
      });
      expect(buffers).toBeGreaterThan(4);
      for (let last = 2; last <= buffers; last++) {
        const session = await device.open(states);
        let made = 1;
        watched.faults.onBuffer = () => {
          if (++made === last) queueMicrotask(() => session.dispose());
        };
        const compiled = async () => {
          await session.compile(doubling());
          await session.compile(wide(4096));
        };
        await compiled().catch(() => {});
        watched.faults.onBuffer = null;
        await expect.poll(() => watched.bytes(), { message: `after buffer ${last} of ${buffers}` }).toBe(0);
        session.dispose();
      }
      real.destroy();
    });

    test('one disposed while its arena grows in vain frees everything', async () => {
      const { real, watched, device } = await opened();
      const session = await device.open(states);
      await session.compile(doubling());
      watched.faults.memory = 2 ** 20;
      // The arena that does not fit, then the one from before.
      let made = 0;
      watched.faults.onBuffer = () => {
        if (++made === 2) queueMicrotask(() => session.dispose());
      };
      await expect(session.compile(wide(2 ** 19))).rejects.toMatchObject({ name: 'AnnealError' });
      watched.faults.onBuffer = null;
      await expect.poll(() => watched.bytes()).toBe(0);
      real.destroy();
    });

    test('one that is opened while the device is closed is refused and frees everything', async () => {
      for (const wait of [0, 1]) {
        const { real, watched, device } = await opened();
        const large: StateSpec = { name: 'large', shape: [4096], dtype: 'f32', kind: 'parameter' };
        const opening = device.open([large]);
        // In the midst of allocating, and when that has just ended.
        if (wait > 0) await real.queue.onSubmittedWorkDone();
        device.dispose();
        if (wait === 0) await expect(opening).rejects.toMatchObject({ code: deviceErrors.lost.code });
        else await opening.catch(() => {});
        await expect.poll(() => watched.bytes()).toBe(0);
        // The GPU device is not ours to destroy.
        await real.queue.onSubmittedWorkDone();
        real.destroy();
      }
    });
  });
}

async function buffersMade(watched: ReturnType<typeof watch>, work: () => Promise<void>): Promise<number> {
  const before = watched.calls.get('createBuffer') ?? 0;
  await work();
  return (watched.calls.get('createBuffer') ?? 0) - before;
}
