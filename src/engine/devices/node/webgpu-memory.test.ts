import { expect, test } from 'vitest';
import { decoderState } from '../../inference/decoder.ts';
import { gpt2Config } from '../../models/testing/configs.ts';
import { adamW } from '../../optimizers/testing/configs.ts';
import { memoryOfDevice } from '../../training/device-memory.ts';
import { buildTrainingStep } from '../../training/step.ts';
import { openGpu } from '../webgpu/adapter.ts';
import { openWebgpu } from '../webgpu/device.ts';
import { watch } from '../webgpu/testing/watched-gpu.ts';
import { nodeGpu } from './dawn.ts';

const gpu = await nodeGpu();

test.skipIf(gpu === null)(
  'what pre-flight shows is what webgpu holds, within 1%, with halves too',
  async () => {
    const { device: real } = await openGpu(gpu ?? undefined);
    const watched = watch(real);
    const device = await openWebgpu(watched.device);
    const model = gpt2Config({ n_layer: 1, n_embd: 64, n_head: 4, n_positions: 64, vocab_size: 500 });
    const optimizer = adamW();
    const activations: number[] = [];
    for (const dtype of [undefined, 'float16'] as const) {
      const step = buildTrainingStep({
        ...{ model, optimizer, batch: 8, context: 64, accumulation: 1, dtype },
        device_memory: memoryOfDevice('webgpu'),
      });
      if (step.update.mode !== 'fused') throw new RangeError('one program');
      const caches = decoderState(model).filter(({ kind }) => kind === 'cache');
      const session = await device.open([...step.state, ...caches]);
      await session.compile(step.update.step);
      const held = session.memoryBytes();
      expect(held).toBe(watched.bytes());
      expect(Math.abs(held / step.memory.total - 1)).toBeLessThan(0.01);
      activations.push(step.memory.activations);
      session.dispose();
    }
    const [single = 0, half = 0] = activations;
    expect(half).toBeLessThan(0.6 * single);
    device.dispose();
    real.destroy();
  },
);
