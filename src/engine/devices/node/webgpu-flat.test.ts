import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from 'vitest';
import { openWebgpu } from '../webgpu/device.ts';
import { doubling, states, step } from '../webgpu/testing/programs.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();
const MIB = 2 ** 20;
setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

// What the GPU holds is in trouble-acceptance.ts; this is the process, with what WebGPU itself keeps of commands.
test.skipIf(gpu === null)('ten thousand runs leave the memory of the process flat', async () => {
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
  // Heaps grow to the size that they then keep.
  const before = await runs(5000);
  const after = await runs(5000);
  // 5 KiB a run, of which a command buffer has more.
  expect((after - before) / MIB).toBeLessThan(25);
  device.dispose();
});
