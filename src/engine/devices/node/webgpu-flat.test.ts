import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openWebgpu } from '../webgpu/device.ts';
import { doubling, states, step } from '../webgpu/testing/programs.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();
const MIB = 2 ** 20;
/** 5 KiB a run, of which a command buffer has more. */
const LIMIT = 25 * MIB;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

// What the GPU holds is in trouble-acceptance.ts; this is the process, with what WebGPU itself keeps of commands.
test.skipIf(gpu === null)(
  'thousands of runs leave the memory of the process flat',
  async () => {
    const device = await openWebgpu(gpu ?? undefined);
    const session = await device.open(states);
    const executable = await session.compile(doubling());
    const runs = async (count: number) => {
      for (let run = 0; run < count; run += 10) {
        await Promise.all(Array.from({ length: 10 }, () => executable.run({ step })));
      }
      collect(); // what nobody refers to any more is not what a run leaves
      return process.memoryUsage().rss;
    };
    // Heaps grow to a size that they then keep, sooner or later; what runs leave behind shows in every stretch.
    let growth = Number.POSITIVE_INFINITY;
    let before = await runs(5000);
    for (let stretch = 0; stretch < 3 && growth >= LIMIT; stretch++) {
      const after = await runs(5000);
      growth = after - before;
      before = after;
    }
    expect(growth / MIB).toBeLessThan(LIMIT / MIB);
    expect((await runs(5000)) / MIB).toBeLessThan((before + LIMIT) / MIB); // and it stays so
    device.dispose();
  },
  240_000,
);
