/**
 * How a blob lies in a folder that has no atomic replace on every browser: each put makes a file of its
 * own, `name.<generation>`, whose last 16 bytes say that it is whole. They are written after everything
 * before them was forced to the disk, so a kill at any byte leaves a file without them, which is skipped.
 */
const MAGIC = [0x41, 0x4e, 0x4e, 0x45, 0x41, 0x4c, 0x31, 0x0a]; // "ANNEAL1\n"
export const TRAILER_BYTES = 16;

export function trailer(bytes: number): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(TRAILER_BYTES);
  out.set(MAGIC, 0);
  new DataView(out.buffer).setBigUint64(8, BigInt(bytes), true);
  return out;
}

/** Bytes of the blob, or null where the file was not written to its end. */
export function wholeBytes(last: Uint8Array, fileBytes: number): number | null {
  if (last.byteLength !== TRAILER_BYTES || MAGIC.some((byte, i) => last[i] !== byte)) return null;
  const bytes = Number(new DataView(last.buffer, last.byteOffset).getBigUint64(8, true));
  return bytes === fileBytes - TRAILER_BYTES ? bytes : null;
}

export interface Generation {
  readonly name: string;
  readonly generation: number;
}

export function parseGeneration(fileName: string): Generation | null {
  const match = /^(.+)\.(\d{1,15})$/.exec(fileName);
  return match?.[1] && match[2] ? { name: match[1], generation: Number(match[2]) } : null;
}

export function generationName({ name, generation }: Generation): string {
  return `${name}.${generation}`;
}
