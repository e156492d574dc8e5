import { expect, test } from 'vitest';
import type { Device } from '../../device.ts';
import { createReferenceDevice } from '../../devices/reference/device.ts';
import type { ModelConfig } from '../../training/spec.ts';
import { tinyGpt2, tinyLlama } from '../../training/testing/specs.ts';
import { generateBatch } from '../generate.ts';
import { letters, openTiny, sampling, tokenizer } from './tiny-decoder.ts';

export const DECODED: readonly (readonly [string, ModelConfig])[] = [
  ['gpt2', { ...tinyGpt2, n_positions: 48 }],
  ['llama', { ...tinyLlama, max_position_embeddings: 48 }],
];
/** Of one token, of a block and one more, of more than the context holds; more prompts than are read at once. */
const PROMPTS = ['a', letters.slice(0, 9), letters.repeat(4), 'hello', `${letters}${letters}`];

/** On any device: several prompts decode side by side as the reference device has it, and draws repeat. */
export function decodeAcceptance(name: string, open: () => Promise<Device>, models = DECODED): void {
  test.each(models)(
    `${name}: %s writes what reference writes, several prompts at once`,
    async (_, model) => {
      const greedy = { tokenizer, sampling: { ...sampling, max_new_tokens: 20 }, prompts: PROMPTS };
      const wanted = await generateBatch({
        ...greedy,
        decoder: await openTiny(createReferenceDevice(), model, 3),
      });
      const device = await open();
      try {
        const decoder = await openTiny(device, model, 3);
        expect(await generateBatch({ ...greedy, decoder })).toEqual(wanted);
        const drawn = {
          ...greedy,
          sampling: { ...sampling, max_new_tokens: 12, temperature: 0.9, top_k: 12, top_p: 0.9 },
        };
        const first = await generateBatch({ ...drawn, decoder });
        expect(await generateBatch({ ...drawn, decoder })).toEqual(first);
        expect(first).not.toEqual(wanted);
        decoder.dispose();
      } finally {
        device.dispose();
      }
    },
    300_000,
  ); // compiling for a GPU that is emulated takes its time
}
