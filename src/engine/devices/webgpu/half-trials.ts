import { HALVES } from './half-access.ts';

/** What the start-up gate asks of an adapter before halves are stored, or computed with, on it. */

interface Trial {
  readonly code: string;
  /** u32 words that must come back. */
  readonly expected: Uint32Array;
}

/**
 * Halves through packed words: numbers that are exact, the rounding at the end of the range, infinities and
 * NaN, which loss scaling relies on. Zeros from memory keep the compiler from knowing any of it.
 */
export function halfStorageTrial(): Trial {
  const sums = Array.from({ length: 64 }, (_, lane) => (lane - 31.5) * 2 ** (lane % 8) * 0.75);
  const words = [
    // 65,519 and -65,520; 1e30 and 2,049
    0x7bff | (0xfc00 << 16),
    0x7c00 | (0x6800 << 16),
    // NaN and minus infinity; infinity and -0
    0x7e00 | (0xfc00 << 16),
    0x7c00 | (0x8000 << 16),
    // infinities as f32, and whether NaN is one
    0x7f800000,
    0xff800000,
    1,
    0,
  ];
  return {
    code: `${HALVES}
@group(0) @binding(0) var<storage, read_write> result : array<u32, 72>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane : u32) {
  let x = (f32(lane) - 31.5) * f32(1u << (lane % 8u));
  let back = unpack_halves(pack_halves(vec4<f32>(x, -x, x * 0.25, x * 0.5)));
  result[lane] = bitcast<u32>(back.x + back.y + back.z + back.w);
  if (lane > 0u) { return; }
  let zero = result[71];
  let large = pack_halves(vec4<f32>(65519.0, -65520.0, 1e30, 2049.0) + f32(zero));
  let odd = pack_halves(bitcast<vec4<f32>>(vec4<u32>(0x7fc00000u, 0xff800000u, 0x7f800000u, 0x80000000u) + zero));
  let read = bitcast<vec4<u32>>(unpack_halves(vec2<u32>(0xfc007c00u, 0x7e00u) + zero));
  result[64] = large.x;
  result[65] = large.y;
  result[66] = odd.x;
  result[67] = odd.y;
  result[68] = read.x;
  result[69] = read.y;
  result[70] = select(0u, 1u, (read.z & 0x7fffffffu) > 0x7f800000u);
}`,
    expected: Uint32Array.of(...new Uint32Array(Float32Array.from(sums).buffer), ...words),
  };
}

const DEPTH = 16;

/** A product of an 8 x 16 and a 16 x 8 matrix whose operands lie in shared memory as f16, and one rounding. */
export function halfTileTrial(): Trial {
  const results = Array.from({ length: 64 }, (_, lane) => {
    let sum = 0;
    for (let k = 0; k < DEPTH; k++) sum += ((lane >> 3) + k) * 0.25 * (k - (lane & 7)) * 0.5;
    return sum;
  });
  return {
    code: `enable f16;
@group(0) @binding(0) var<storage, read_write> result : array<u32, 65>;
var<workgroup> xs : array<f16, ${8 * DEPTH}>;
var<workgroup> ws : array<f16, ${8 * DEPTH}>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane : u32) {
  for (var e = lane; e < ${8 * DEPTH}u; e += 64u) {
    let k = e / 8u;
    xs[e] = f16(f32(e % 8u + k) * 0.25);
    ws[e] = f16((f32(k) - f32(e % 8u)) * 0.5);
  }
  workgroupBarrier();
  var sum = 0.0;
  for (var k = 0u; k < ${DEPTH}u; k++) { sum += f32(xs[k * 8u + lane / 8u]) * f32(ws[k * 8u + lane % 8u]); }
  result[lane] = bitcast<u32>(sum);
  if (lane == 0u) { result[64] = bitcast<u32>(f32(f16(f32(lane) + 2049.0))); }
}`,
    expected: new Uint32Array(Float32Array.from([...results, 2048]).buffer),
  };
}
