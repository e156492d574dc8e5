import { Random } from '../../../src/base/random.ts';
import { createDecoder, decoderState } from '../../../src/engine/inference/decoder.ts';
import { drawUniform } from '../../../src/engine/inference/pick.ts';
import { parameterSpecs } from '../../../src/engine/models/parameters.ts';
import type { DecodeTask, Opened } from '../../contest/calls.ts';
import type { Environment } from '../engine.ts';
import { openDevice } from './engine.ts';

export interface DecodeRunner extends Opened {
  /** The next token of each sequence, drawn from what the model says. */
  next(): Promise<void>;
}

/** A model of random weights that has read a prompt. */
export async function openDecode(
  name: string,
  { model, batch, prompt }: DecodeTask,
  environment: Environment,
): Promise<DecodeRunner> {
  const device = await openDevice(name, environment);
  const session = await device.open(decoderState(model, batch));
  const random = new Random(1);
  for (const spec of parameterSpecs(model)) {
    const size = spec.shape.reduce((a, b) => a * b, 1);
    const values = new Float32Array(size);
    // Uniform ones cost a third of normal ones, and a device does not care.
    if (spec.init.type === 'ones') values.fill(1);
    else for (let i = 0; i < size; i++) values[i] = (random.uint32() / 2 ** 32 - 0.5) * 0.07;
    await session.write(spec.name, values);
  }
  const decoder = await createDecoder(session, model, batch);
  const picking = { vocab_size: model.vocab_size, temperature: 0.8, top_k: 0, top_p: 1 };
  let position = 0;
  let pieces = Array.from({ length: batch }, () => ({
    ids: Array.from({ length: prompt }, () => random.below(model.vocab_size)),
    position: 0,
  }));
  async function next(): Promise<void> {
    const uniforms = pieces.map(() => drawUniform(random));
    const drawn = await decoder.draw(pieces, { ...picking, uniforms });
    position += pieces[0]?.ids.length ?? 0;
    pieces = drawn.map((id) => ({ ids: [id], position }));
    if (drawn.some((id) => !(id >= 0 && id < model.vocab_size))) throw new Error(`It drew ${drawn}.`);
  }
  await next();
  return { description: device.info.description, next };
}
