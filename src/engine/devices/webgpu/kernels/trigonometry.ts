/**
 * Sine and cosine of an angle from 0 to 2^18, to the last places of f32: WGSL's own promise nothing beyond
 * pi. The angle's whole turns are dropped in fixed point: 1 / (2 pi) has 64 bits here, of which the angle's
 * exponent selects 32 for the product and 32 to correct it. The polynomials are those of Cephes (sinf, cosf).
 */
export const SIN_COS = `
fn turned(angle : f32) -> u32 {
  let bits = bitcast<u32>(angle);
  let exponent = (bits >> 23u) - 127u;
  let mantissa = (bits & 0x7fffffu) | 0x800000u;
  let high = 0x28be60dbu;
  let low = 0x9391054au;
  let shift = 23u - exponent;
  let a = high >> shift;
  let b = (high << (32u - shift)) | (low >> shift);
  return mantissa * a + u32(f32(mantissa) * (f32(b) * 2.3283064365386963e-10));
}
/** (sine, cosine) */
fn sin_cos(angle : f32) -> vec2<f32> {
  var x = angle;
  var quadrant = 0u;
  if (angle >= 0.5) {
    let turns = turned(angle);
    quadrant = (turns + 0x20000000u) >> 30u;
    x = f32(bitcast<i32>(turns - (quadrant << 30u))) * 1.4629180792671596e-9;
  }
  let z = x * x;
  let s = x + x * z * (-1.6666654611e-1 + z * (8.3321608736e-3 - z * 1.9515295891e-4));
  let c = 1.0 - 0.5 * z + z * z * (4.166664568298827e-2 + z * (-1.388731625493765e-3 + z * 2.443315711809948e-5));
  let sine = select(s, c, (quadrant & 1u) == 1u);
  let cosine = select(c, s, (quadrant & 1u) == 1u);
  return vec2<f32>(select(sine, -sine, quadrant >= 2u), select(cosine, -cosine, quadrant == 1u || quadrant == 2u));
}`;

/** Frequencies as Hugging Face rounds them, one for each pair, as the bits of f32. */
export function rotaryFrequencies(size: number, theta: number): Uint32Array {
  const f32 = Math.fround;
  const values = Float32Array.from({ length: size / 2 }, (_, j) => 1 / f32(theta ** f32((2 * j) / size)));
  return new Uint32Array(values.buffer);
}
