import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openWebgpu } from '../webgpu/device.ts';
import { doubling, states, step } from '../webgpu/testing/programs.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();
const MIB = 2 ** 20;
const STRETCHES = 5;
const RUNS = 3000;
/** 3 KiB a run, of which a command buffer has more. */
const LIMIT = RUNS * 3 * 1024;
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
        if (run % 500 !== 490) continue;
        // What nobody refers to any more is not what a run leaves. Often, as a process keeps what it once took, and V8
        // does not know how much hangs on its objects here: when it collects by itself is chance.
        collect();
        await turn();
      }
      return process.memoryUsage().rss;
    };
    // A heap grows to a size that it then keeps, sooner or later, and in jumps; what runs leave behind shows in every
    // stretch, hence in the middle one.
    const sizes: number[] = [];
    for (let stretch = 0; stretch <= STRETCHES; stretch++) sizes.push(await runs(RUNS));
    const growths = sizes.slice(1).map((size, i) => (size - (sizes[i] ?? 0)) / MIB);
    const middle = growths.toSorted((a, b) => a - b)[STRETCHES >> 1];
    expect(middle, `${growths.map((growth) => growth.toFixed(1))}`).toBeLessThan(LIMIT / MIB);
    device.dispose();
  },
  240_000,
);
