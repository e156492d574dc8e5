import { createHash } from 'node:crypto';
import type { ArtifactPart } from '../store/requests/artifact-uploads.ts';
import type { Cuts } from './cut.ts';

export interface Hashes {
  /** Of all bytes. */
  readonly sha256: string;
  readonly bytes: number;
  readonly parts: readonly ArtifactPart[];
}

/** Hashes a stream as a whole and in parts, in one pass. */
export async function hashParts(source: AsyncIterable<Uint8Array>, cuts: Cuts): Promise<Hashes> {
  const whole = createHash('sha256');
  const parts: ArtifactPart[] = [];
  let bytes = 0;
  let part = createHash('sha256');
  let left = cuts[0] ?? 0;
  for await (const chunk of source) {
    whole.update(chunk);
    bytes += chunk.length;
    if (cuts.length === 1) continue;
    for (let at = 0; at < chunk.length; ) {
      const taken = Math.min(left, chunk.length - at);
      part.update(chunk.subarray(at, at + taken));
      at += taken;
      left -= taken;
      if (left > 0) continue;
      parts.push({ sha256: part.digest('hex'), bytes: cuts[parts.length] ?? 0 });
      part = createHash('sha256');
      left = cuts[parts.length] ?? Number.POSITIVE_INFINITY;
    }
  }
  const sha256 = whole.digest('hex');
  return { sha256, bytes, parts: cuts.length === 1 ? [{ sha256, bytes }] : parts };
}
