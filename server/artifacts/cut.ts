import type { Readable } from 'node:stream';
import type { ByteRange } from './ports.ts';

/** Where an artifact is cut into blobs: lengths in bytes, in order; their sum is the artifact's length. */
export type Cuts = readonly number[];

/** Longer headers are of something else, or of a file whose many small tensors are not worth a blob each. */
const MAX_HEADER_BYTES = 1024 * 1024;
/** Smaller tensors that follow one another go together: a file for each costs more than it saves. */
const MIN_PART_BYTES = 4096;
const MAX_PARTS = 5000;

type Read = (range: ByteRange) => Promise<Readable>;

/**
 * A safetensors file is cut at its tensors, so that those that a checkpoint shares with another are stored
 * once; anything else stays whole. Nothing depends on the cuts being right but what is saved: the bytes of all
 * parts in order are the artifact, whatever they mean.
 */
export async function cutsOf(bytes: number, read: Read): Promise<Cuts> {
  const whole = [bytes];
  if (bytes < 2 * MIN_PART_BYTES) return whole;
  const start = await all(read, { start: 0, end: 8 });
  const length = start.readUInt32LE(0) + start.readUInt32LE(4) * 2 ** 32;
  if (length < 2 || length > MAX_HEADER_BYTES || 8 + length > bytes || start[8] !== 0x7b) return whole;
  const ends = tensorEnds(await all(read, { start: 8, end: 8 + length - 1 }), bytes - 8 - length);
  return ends === null ? whole : partsOf(8 + length, ends, bytes);
}

/** Ends of the tensors, counted from the end of the header, in order; null where it is no safetensors header. */
function tensorEnds(header: Buffer, dataBytes: number): number[] | null {
  let root: unknown;
  try {
    root = JSON.parse(header.toString('utf8'));
  } catch {
    return null;
  }
  if (typeof root !== 'object' || root === null) return null;
  const ends: number[] = [];
  for (const [name, entry] of Object.entries(root)) {
    if (name === '__metadata__') continue;
    const [, end] = offsetsOf(entry) ?? [];
    if (end === undefined || end < 0 || end > dataBytes) return null;
    ends.push(end);
  }
  return ends.sort((a, b) => a - b);
}

function offsetsOf(entry: unknown): readonly [number, number] | null {
  if (typeof entry !== 'object' || entry === null || !('data_offsets' in entry)) return null;
  const { data_offsets: offsets } = entry;
  if (!Array.isArray(offsets) || offsets.length !== 2) return null;
  const [begin, end] = offsets as unknown[];
  if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) return null;
  return [begin as number, end as number];
}

/** The header by itself, as it may say the step; each tensor by itself, but for small ones in a row. */
function partsOf(headerBytes: number, ends: readonly number[], bytes: number): Cuts {
  const cuts = [headerBytes];
  let small = 0;
  let from = 0;
  const flush = (): void => {
    if (small > 0) cuts.push(small);
    small = 0;
  };
  for (const end of [...ends, bytes - headerBytes]) {
    const length = end - from;
    from = end;
    if (length < MIN_PART_BYTES) {
      small += length;
      if (small >= MIN_PART_BYTES) flush();
    } else {
      flush();
      cuts.push(length);
    }
  }
  flush();
  return cuts.length > MAX_PARTS ? [bytes] : cuts;
}

async function all(read: Read, range: ByteRange): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of await read(range)) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
