import { expect, test } from 'vitest';
import { PRESETS, presetModel } from '../../graph/lower/testing/presets.ts';
import { decoderState } from '../../inference/decoder.ts';
import { adamW } from '../../optimizers/testing/configs.ts';
import { buildTrainingStep } from '../../training/step.ts';
import { nodeGpu } from './dawn.ts';
import { nodeDeviceFactories } from './factories.ts';

/**
 * What pre-flight shows for a device with an arena is what a training session on it holds. The devices
 * stand side by side here, so this test is where the factories are; devices themselves know no models.
 */
const hasGpu = (await nodeGpu()) !== null;
const optimizer = adamW({ adam_beta2: 0.99 });

for (const name of ['wasm', 'webgpu'] as const) {
  // Without a GPU driver and without SwiftShader there is no adapter that could be asked.
  test.skipIf(name === 'webgpu' && !hasGpu)(`${name} holds what was planned, within 1%`, async () => {
    const factory = nodeDeviceFactories().find((one) => one.name === name);
    const device = await factory?.open();
    if (device === undefined) throw new Error(`there is no ${name}`);
    try {
      // Pipelines take long to make without a GPU: there one step stands for all.
      for (const type of name === 'wasm' ? (['gpt2', 'llama'] as const) : (['gpt2'] as const)) {
        for (const gradient_checkpointing of name === 'wasm' ? [false, true] : [true]) {
          const { batch, context } = PRESETS.small;
          const model = presetModel(type, 'small');
          const sizes = { model, optimizer, batch, context, accumulation: 1, gradient_checkpointing };
          const step = buildTrainingStep({ ...sizes, device_memory: 'arena' });
          if (step.update.mode !== 'fused') throw new Error('mode');
          const caches = decoderState(model).filter(({ kind }) => kind === 'cache');
          const session = await device.open([...step.state, ...caches]);
          try {
            await session.compile(step.update.step);
            await session.compile(step.evaluate);
            const held = session.memoryBytes() ?? Number.NaN;
            expect(Math.abs(held / step.memory.total - 1), `${type}, ${held} bytes`).toBeLessThan(0.01);
          } finally {
            session.dispose();
          }
        }
      }
    } finally {
      device.dispose();
    }
  });
}
