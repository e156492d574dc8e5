import type { Device } from '../../device.ts';
import { initialise } from '../../models/initialise.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { createChar } from '../../tokenizers/char.ts';
import type { ModelConfig, SamplingConfig } from '../../training/spec.ts';
import type { Decoder } from '../decoder.ts';
import { openDecoder } from '../decoder.ts';

export const letters = 'abcdefghijklmnopq';
export const tokenizer = createChar([...letters]);

export const sampling: SamplingConfig = {
  prompt: 'abc',
  max_new_tokens: 5,
  temperature: 0,
  top_k: 0,
  top_p: 1,
  seed: 1,
  stop: [],
};

/** Weights large enough that the tokens before matter. */
export async function weights(model: ModelConfig, name: string): Promise<Float32Array> {
  const spec = parameterSpecs(model).find((p) => p.name === name);
  if (!spec) throw new Error(name);
  return initialise(spec.init.type === 'normal' ? { ...spec, init: { type: 'normal', std: 0.4 } } : spec, 11);
}

export function openTiny(device: Device, model: ModelConfig, batch = 1): Promise<Decoder> {
  return openDecoder(device, model, (name) => weights(model, name), batch);
}
