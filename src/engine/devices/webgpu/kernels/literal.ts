/**
 * A number as WGSL text of type f32. What is not finite has no literal, and WGSL refuses constants that
 * overflow; such a value goes through a function, whose result no compiler may know.
 */
export function f32(value: number): string {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded))
    return `not_finite(${Number.isNaN(rounded) ? '0x7fc00000u' : rounded > 0 ? '0x7f800000u' : '0xff800000u'})`;
  const text = String(rounded);
  return /[.e]/.test(text) ? `${text}f` : `${text}.0f`;
}

/** Declares what `f32` may refer to. */
export const NOT_FINITE = 'fn not_finite(bits : u32) -> f32 { return bitcast<f32>(bits); }';
