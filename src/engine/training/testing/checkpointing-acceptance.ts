import { expect, test } from 'vitest';
import type { Device } from '../../device.ts';
import { initialise } from '../../models/initialise.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { gpt2Config, llamaConfig } from '../../models/testing/configs.ts';
import { updateFeeds } from '../../optimizers/update.ts';
import type { ModelConfig } from '../spec.ts';
import { buildTrainingStep } from '../step.ts';
import { tinySpec } from './specs.ts';

const MODELS: readonly (readonly [string, ModelConfig])[] = [
  ['gpt2 with dropout', gpt2Config({ embd_pdrop: 0.2, attn_pdrop: 0.3, resid_pdrop: 0.1 })],
  ['llama', llamaConfig()],
];

/** Losses of four updates. */
async function losses(
  device: Device,
  model: ModelConfig,
  gradient_checkpointing: boolean,
): Promise<readonly number[]> {
  const { optimizer } = tinySpec;
  const request = { model, optimizer, batch: 2, context: 6, accumulation: 1, gradient_checkpointing };
  const { state, update } = buildTrainingStep(request);
  if (update.mode !== 'fused') throw new Error(update.mode);
  const session = await device.open(state);
  try {
    for (const spec of parameterSpecs(model)) await session.write(spec.name, initialise(spec, 5));
    const executable = await session.compile(update.step);
    const ids = Int32Array.from({ length: 12 }, (_, i) => (i * 7) % 11);
    const batch = { input_ids: ids, labels: ids.slice().reverse(), inverse_label_count: 1 / 12 };
    const found: number[] = [];
    for (let i = 1; i <= 4; i++) {
      const { loss } = await executable.run({ ...batch, seed: i, ...updateFeeds(optimizer, 1e-2, i) });
      found.push(loss?.[0] ?? Number.NaN);
    }
    return found;
  } finally {
    session.dispose();
  }
}

/** On any device: activations that are computed again, dropout's masks too, give the losses of those that are kept. */
export function checkpointingAcceptance(name: string, open: () => Promise<Device>): void {
  test.each(MODELS)(
    `${name}: %s trains alike with and without gradient checkpointing`,
    async (_, model) => {
      const device = await open();
      try {
        const kept = await losses(device, model, false);
        const again = await losses(device, model, true);
        for (const [i, loss] of again.entries())
          expect(Math.abs(loss - (kept[i] as number))).toBeLessThan(1e-5);
        expect(await losses(device, model, true)).toEqual(again);
      } finally {
        device.dispose();
      }
    },
    300_000,
  ); // compiling for a GPU that is emulated takes its time
}
