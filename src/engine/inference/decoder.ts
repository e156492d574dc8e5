import type { Device, Executable, Feeds, Outputs, Session } from '../device.ts';
import type { StateSpec } from '../graph/ir.ts';
import type { DecodeResult } from '../models/decode.ts';
import { buildDecodeStep } from '../models/decode.ts';
import { maxPositions } from '../models/forward.ts';
import { parameterSpecs } from '../models/parameters.ts';
import type { ModelConfig } from '../training/spec.ts';
import type { Picking } from './pick.ts';
import { prefillBlocks } from './prefill.ts';

/** What a sequence reads next: at least one token, at position, position + 1, ... */
export interface Piece {
  readonly ids: readonly number[];
  /** At most as many as the sequence has read: what it had from here on is forgotten. */
  readonly position: number;
}

export interface Draw extends Picking {
  /** Only ids below it are drawn. */
  readonly vocab_size: number;
  /** One for each sequence, in [0, 1). */
  readonly uniforms: readonly number[];
}

/** A model that reads tokens one after the other and remembers what it read in its cache. */
export interface Decoder {
  readonly vocab_size: number;
  /** Positions there are. */
  readonly capacity: number;
  /** Sequences that are read side by side. */
  readonly batch: number;
  /**
   * Reads a piece in each sequence, none where it is null; gives the logits [batch * vocab] of what
   * follows. Those of a sequence that read nothing mean nothing. Throws ANN-DEV errors.
   */
  read(pieces: readonly (Piece | null)[]): Promise<Float32Array>;
  /** As `read`, and draws from the logits, by the rules of `pickToken`: gives an id for each sequence. */
  draw(pieces: readonly (Piece | null)[], draw: Draw): Promise<readonly number[]>;
  dispose(): void;
}

/** What a session has to hold for decoding: parameters and caches. */
export function decoderState(model: ModelConfig, batch = 1): readonly StateSpec[] {
  return buildDecodeStep({ model, batch, block: 1, capacity: maxPositions(model) }).state;
}

/** In a session that holds `decoderState`: a training run's, or one opened for this. Its parameters are used as they are. */
export async function createDecoder(session: Session, model: ModelConfig, batch = 1): Promise<Decoder> {
  const capacity = maxPositions(model);
  const compiled = new Map<string, Executable>();
  /** By sequence: the tokens that the cache holds, and those that are being read. */
  const texts = Array.from({ length: batch }, (): number[] => []);

  async function run(
    block: number,
    starts: readonly number[],
    result: DecodeResult,
    feeds: Feeds,
  ): Promise<Outputs> {
    const key = `${block} ${JSON.stringify(result)}`;
    let executable = compiled.get(key);
    if (executable === undefined) {
      executable = await session.compile(buildDecodeStep({ model, batch, block, capacity, result }).program);
      compiled.set(key, executable);
    }
    const input_ids = new Int32Array(batch * block);
    const positions = new Int32Array(batch * block);
    for (let b = 0; b < batch; b++) {
      for (let i = 0; i < block; i++) {
        const at = (starts[b] ?? 0) + i;
        input_ids[b * block + i] = texts[b]?.[at] ?? 0;
        positions[b * block + i] = at;
      }
    }
    return executable.run({ input_ids, position: Int32Array.from(starts), positions, ...feeds });
  }

  /** Reads all but the last token of each piece; says where those last ones are. */
  async function prefill(pieces: readonly (Piece | null)[]): Promise<number[]> {
    const spans = texts.map((text, b) => {
      const piece = pieces[b] ?? null;
      if (piece === null) return { from: text.length, to: text.length };
      text.length = piece.position;
      text.push(...piece.ids);
      return { from: piece.position, to: text.length - 1 };
    });
    for (const { size, starts } of prefillBlocks(spans, capacity)) {
      await run(size, starts, { type: 'cache' }, {});
    }
    return texts.map((text) => Math.max(0, text.length - 1));
  }

  return {
    vocab_size: model.vocab_size,
    capacity,
    batch,
    async read(pieces) {
      const { logits } = await run(1, await prefill(pieces), { type: 'logits' }, {});
      return logits ?? new Float32Array(0);
    },
    async draw(pieces, { vocab_size, uniforms, temperature, top_k, top_p }) {
      const settings = { uniform: Float32Array.from(uniforms), temperature, top_k, top_p };
      const { token } = await run(1, await prefill(pieces), { type: 'token', vocab_size }, settings);
      return Array.from(token ?? []);
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
  batch = 1,
): Promise<Decoder> {
  const session = await device.open(decoderState(model, batch));
  try {
    for (const { name } of parameterSpecs(model)) await session.write(name, await read(name));
    const decoder = await createDecoder(session, model, batch);
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
