import type { Device, Executable, Session } from '../device.ts';
import type { StateSpec } from '../graph/ir.ts';
import { buildDecodeStep } from '../models/decode.ts';
import { maxPositions } from '../models/forward.ts';
import { parameterSpecs } from '../models/parameters.ts';
import type { ModelConfig } from '../training/spec.ts';

/** Tokens per run while a prompt is read; afterwards it is one. */
const BLOCK = 32;

/** A model that reads tokens one after the other and remembers what it read in its cache. */
export interface Decoder {
  readonly vocab_size: number;
  /** Positions there are. */
  readonly capacity: number;
  /** Reads `ids` at position, position + 1, ...; gives the logits [vocab] that follow the last. Throws ANN-DEV errors. */
  read(ids: readonly number[], position: number): Promise<Float32Array>;
  dispose(): void;
}

/** What a session has to hold for decoding: parameters and caches. */
export function decoderState(model: ModelConfig): readonly StateSpec[] {
  return buildDecodeStep({ model, batch: 1, block: 1, capacity: maxPositions(model) }).state;
}

/** In a session that holds `decoderState`: a training run's, or one opened for this. Its parameters are used as they are. */
export async function createDecoder(session: Session, model: ModelConfig): Promise<Decoder> {
  const capacity = maxPositions(model);
  const compiled = new Map<number, Executable>();

  async function program(block: number): Promise<Executable> {
    const known = compiled.get(block);
    if (known) return known;
    const made = await session.compile(buildDecodeStep({ model, batch: 1, block, capacity }).program);
    compiled.set(block, made);
    return made;
  }

  async function run(ids: readonly number[], position: number, block: number): Promise<Float32Array> {
    const input_ids = new Int32Array(block);
    input_ids.set(ids);
    const positions = Int32Array.from({ length: block }, (_, i) => position + i);
    const { logits } = await (await program(block)).run({
      input_ids,
      position: Int32Array.of(position),
      positions,
    });
    const row = (ids.length - 1) * model.vocab_size;
    return (logits ?? new Float32Array(0)).slice(row, row + model.vocab_size);
  }

  return {
    vocab_size: model.vocab_size,
    capacity,
    async read(ids, position) {
      let logits = new Float32Array(model.vocab_size);
      for (let done = 0; done < ids.length; ) {
        const at = position + done;
        // A block may be filled up beyond its tokens, but not beyond the cache.
        const block = ids.length - done > 1 && at + BLOCK <= capacity ? BLOCK : 1;
        const piece = ids.slice(done, done + block);
        logits = new Float32Array(await run(piece, at, block));
        done += piece.length;
      }
      return logits;
    },
    dispose() {
      for (const executable of compiled.values()) executable.dispose();
    },
  };
}

/** Opens a finished model for decoding. `read` gives a parameter's numbers. Dispose it to free the device's memory. */
export async function openDecoder(
  device: Device,
  model: ModelConfig,
  read: (name: string) => Promise<Float32Array>,
): Promise<Decoder> {
  const session = await device.open(decoderState(model));
  try {
    for (const { name } of parameterSpecs(model)) await session.write(name, await read(name));
    const decoder = await createDecoder(session, model);
    return {
      ...decoder,
      dispose() {
        decoder.dispose();
        session.dispose();
      },
    };
  } catch (error) {
    session.dispose();
    throw error;
  }
}
