import {
  layoutSafetensors,
  placeTensor,
  readSafetensors,
  type SafetensorsFile,
} from '../formats/safetensors.ts';
import { trainingErrors } from './errors.ts';
import type { CheckpointFacts } from './progress.ts';
import { xxhash32 } from './xxhash32.ts';

/**
 * A checkpoint is a safetensors file of the state, with its facts as JSON in the metadata, followed by 20
 * bytes that tell whether it is whole: u64 length of what came before, u32 XXH32 of it, 8 bytes of magic.
 */
const MAGIC = new TextEncoder().encode('ANNEALC1');
const FOOTER_BYTES = 20;

export interface CheckpointTensor {
  readonly name: string;
  readonly shape: readonly number[];
}

/**
 * Reads tensor after tensor straight into the file's bytes: the state is in memory once, not twice.
 * Throws ANN-TRN-002 where a number is not finite: what cannot be gone on from must not replace what can.
 */
export async function encodeCheckpoint(
  facts: CheckpointFacts,
  tensors: readonly CheckpointTensor[],
  read: (name: string) => Promise<Float32Array>,
): Promise<Uint8Array<ArrayBuffer>> {
  const layout = layoutSafetensors(
    tensors.map(({ name, shape }) => ({ name, shape, dtype: 'F32' as const })),
    { anneal: JSON.stringify(facts) },
  );
  const out = new Uint8Array(layout.bytes + FOOTER_BYTES);
  out.set(layout.head);
  for (const entry of layout.entries) {
    const values = await read(entry.name);
    const bad = firstNotFinite(values);
    if (bad >= 0) {
      throw trainingErrors.notFinite({
        message: `After ${facts.progress.step} updates ${entry.name} holds ${values[bad]}.`,
        where: entry.name,
        data: { step: facts.progress.step, tensor: entry.name, index: bad },
      });
    }
    placeTensor(out, entry, values);
  }
  const footer = new DataView(out.buffer, layout.bytes);
  footer.setBigUint64(0, BigInt(layout.bytes), true);
  footer.setUint32(8, xxhash32(out.subarray(0, layout.bytes)), true);
  out.set(MAGIC, layout.bytes + 12);
  return out;
}

/** A loop, as findIndex calls a function for each of what may be 10^8 numbers. */
function firstNotFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (!Number.isFinite(values[i])) return i;
  return -1;
}

export interface Checkpoint {
  readonly facts: CheckpointFacts;
  readonly file: SafetensorsFile;
}

/** Throws ANN-TRN-004 where the bytes are not a whole checkpoint, 008 where a newer program wrote it. */
export function decodeCheckpoint(bytes: Uint8Array, where = 'checkpoint'): Checkpoint {
  const size = bytes.byteLength - FOOTER_BYTES;
  function damaged(why: string): never {
    throw trainingErrors.notWhole({ message: `The checkpoint ${where} is not whole: ${why}.`, where });
  }
  if (size < 0) damaged(`it has ${bytes.byteLength} bytes`);
  const footer = new DataView(bytes.buffer, bytes.byteOffset + size, FOOTER_BYTES);
  if (MAGIC.some((byte, i) => footer.getUint8(12 + i) !== byte)) damaged('its end is missing');
  if (footer.getBigUint64(0, true) !== BigInt(size)) damaged('its length is not the one noted');
  const body = bytes.subarray(0, size);
  if (footer.getUint32(8, true) !== xxhash32(body)) damaged('its checksum does not match');
  const file = readSafetensors(body);
  const facts: unknown = JSON.parse(file.metadata.get('anneal') ?? 'null');
  if (typeof facts !== 'object' || facts === null || !('format' in facts))
    damaged('it says nothing of itself');
  if (facts.format !== 1) {
    throw trainingErrors.newerFormat({
      message: `The checkpoint ${where} has format ${String(facts.format)}; this program reads format 1.`,
      where,
    });
  }
  // Written by encodeCheckpoint alone, and the checksum says that nothing changed since.
  return { facts: facts as CheckpointFacts, file };
}
