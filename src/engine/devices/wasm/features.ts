/** What this engine's WebAssembly can do, and which of the modules goes with that. */

export const VARIANTS = ['relaxed-threads', 'relaxed-single', 'plain-threads', 'plain-single'] as const;
export type Variant = (typeof VARIANTS)[number];

export interface Features {
  readonly simd: boolean;
  /** Fused multiply-add and the like, whose last bit the processor decides. */
  readonly relaxed: boolean;
}

export function features(): Features {
  return { simd: WebAssembly.validate(SIMD), relaxed: WebAssembly.validate(RELAXED) };
}

export function variantOf(relaxed: boolean, threads: boolean): Variant {
  return `${relaxed ? 'relaxed' : 'plain'}-${threads ? 'threads' : 'single'}`;
}

/** A module of one function () -> v128 with that body. */
function moduleOf(...body: readonly number[]): Uint8Array<ArrayBuffer> {
  const code = [0, ...body, 0x0b];
  return Uint8Array.of(
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...[1, 5, 1, 0x60, 0, 1, 0x7b],
    ...[3, 2, 1, 0],
    ...[10, code.length + 2, 1, code.length, ...code],
  );
}

const SPLAT = [0x41, 0, 0xfd, 0x0f]; // i32.const 0, i8x16.splat
const SIMD = moduleOf(...SPLAT);
const RELAXED = moduleOf(...SPLAT, ...SPLAT, ...SPLAT, 0xfd, 0x85, 0x02); // f32x4.relaxed_madd
