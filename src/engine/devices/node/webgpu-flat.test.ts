import { expect, test } from 'vitest';
import { openWebgpu } from '../webgpu/device.ts';
import { doubling, states, step } from '../webgpu/testing/programs.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();
const MIB = 2 ** 20;

// What the GPU holds is in trouble-acceptance.ts; this is the process, with what WebGPU itself keeps of commands.
test.skipIf(gpu === null)('ten thousand runs leave the memory of the process flat', async () => {
  const device = await openWebgpu(gpu ?? undefined);
  const session = await device.open(states);
  const executable = await session.compile(doubling());
  const runs = async (count: number) => {
    for (let run = 0; run < count; run += 10) {
      await Promise.all(Array.from({ length: 10 }, () => executable.run({ step })));
    }
    return process.memoryUsage().rss;
  };
  // Heaps grow now and then, to a size that they keep; what is lost with each run is lost in every thousand.
  let last = await runs(2500);
  let least = Number.POSITIVE_INFINITY;
  for (let window = 0; window < 3; window++) {
    const now = await runs(2500);
    least = Math.min(least, now - last);
    last = now;
  }
  // 5 KiB a run, of which a command buffer has more.
  expect(least / MIB).toBeLessThan(12.5);
  device.dispose();
});
