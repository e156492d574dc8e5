const P1 = 0x9e3779b1;
const P2 = 0x85ebca77;
const P3 = 0xc2b2ae3d;
const P4 = 0x27d4eb2f;
const P5 = 0x165667b1;

function rotl(x: number, bits: number): number {
  return (x << bits) | (x >>> (32 - bits));
}

/**
 * XXH32 (Collet, the xxHash specification): guards files against truncation and bit rot, not against
 * people. Any change confined to one aligned 4-byte word is always seen.
 */
export function xxhash32(bytes: Uint8Array, seed = 0): number {
  const n = bytes.byteLength;
  const view = new DataView(bytes.buffer, bytes.byteOffset, n);
  const words = bytes.byteOffset % 4 === 0 ? new Int32Array(bytes.buffer, bytes.byteOffset, n >>> 2) : null;
  const word = (index: number): number => (words ? (words[index] ?? 0) : view.getInt32(index * 4, true));
  let h: number;
  let index = 0;
  if (n >= 16) {
    let a = (seed + P1 + P2) | 0;
    let b = (seed + P2) | 0;
    let c = seed | 0;
    let d = (seed - P1) | 0;
    for (const end = (n >>> 4) * 4; index < end; index += 4) {
      a = Math.imul(rotl((a + Math.imul(word(index), P2)) | 0, 13), P1);
      b = Math.imul(rotl((b + Math.imul(word(index + 1), P2)) | 0, 13), P1);
      c = Math.imul(rotl((c + Math.imul(word(index + 2), P2)) | 0, 13), P1);
      d = Math.imul(rotl((d + Math.imul(word(index + 3), P2)) | 0, 13), P1);
    }
    h = (rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18)) | 0;
  } else {
    h = (seed + P5) | 0;
  }
  h = (h + n) | 0;
  for (; index < n >>> 2; index++) h = Math.imul(rotl((h + Math.imul(word(index), P3)) | 0, 17), P4);
  for (let i = (n >>> 2) * 4; i < n; i++) h = Math.imul(rotl((h + Math.imul(bytes[i] ?? 0, P5)) | 0, 11), P1);
  h = Math.imul(h ^ (h >>> 15), P2);
  h = Math.imul(h ^ (h >>> 13), P3);
  return (h ^ (h >>> 16)) >>> 0;
}
