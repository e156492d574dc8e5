/**
 * A WebAssembly module of two functions, put together byte by byte (WebAssembly core specification, binary
 * format; opcodes of SIMD and relaxed SIMD): what no kernel can beat.
 *   fma(rounds i32) -> f32   twelve independent chains of multiply-add over four lanes each
 *   read(bytes i32) -> i32   sums its memory up, 128 bytes a round
 */
export const FMA_FLOPS_PER_ROUND = 12 * 4 * 2;
/** Far more than any cache holds. */
export const READ_BYTES = 128 * 2 ** 20;

/** With fused (relaxed) multiply-adds where they exist, else a product and a sum. */
export function probeModule(): Uint8Array<ArrayBuffer> {
  const relaxed = encode(true);
  return WebAssembly.validate(relaxed) ? relaxed : encode(false);
}

const CHAINS = 12;
const LOADS = 8;
const [I32, F32, V128] = [0x7f, 0x7d, 0x7b];
const [GET, SET, TEE] = [0x20, 0x21, 0x22];

function encode(relaxed: boolean): Uint8Array<ArrayBuffer> {
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [2, 0x60, 1, I32, 1, F32, 0x60, 1, I32, 1, I32]),
    ...section(3, [2, 0, 1]),
    ...section(5, [1, 0, ...leb(READ_BYTES / 65_536)]),
    ...section(7, [3, ...exported('fma', 0, 0), ...exported('read', 0, 1), ...exported('memory', 2, 0)]),
    ...section(10, [2, ...fma(relaxed), ...read()]),
  ]);
}

function fma(relaxed: boolean): number[] {
  const [x, y] = [1 + CHAINS, 2 + CHAINS]; // locals after the parameter and the chains
  const multiplyAdd = relaxed ? simd(0x105) : [...simd(0xe6), ...simd(0xe4)];
  const chains = Array.from({ length: CHAINS }, (_, i) => 1 + i);
  const body = [
    ...splat(x, 0.999),
    ...splat(y, 0.001),
    ...chains.flatMap((local, i) => splat(local, i)),
    ...[0x03, 0x40], // loop
    // chain = chain * x + y
    ...chains.flatMap((local) =>
      relaxed
        ? [GET, local, GET, x, GET, y, ...multiplyAdd, SET, local]
        : [GET, local, GET, x, ...simd(0xe6), GET, y, ...simd(0xe4), SET, local],
    ),
    ...[GET, 0, 0x41, 1, 0x6b, TEE, 0, 0x0d, 0], // until the rounds are used up
    0x0b,
    ...chains.flatMap((local, i) => [GET, local, ...(i === 0 ? [] : simd(0xe4))]),
    ...simd(0x1f),
    0, // lane 0
    0x0b,
  ];
  return sized([1, CHAINS + 2, V128, ...body]);
}

function read(): number[] {
  const sums = Array.from({ length: LOADS }, (_, i) => 1 + i);
  const body = [
    ...[0x03, 0x40], // loop, from the end to the start
    ...[GET, 0, 0x41, ...signed(16 * LOADS), 0x6b, SET, 0],
    ...sums.flatMap((local, i) => [
      GET,
      local,
      GET,
      0,
      ...simd(0),
      4,
      ...leb(16 * i),
      ...simd(0x51),
      SET,
      local,
    ]),
    ...[GET, 0, 0x0d, 0],
    0x0b,
    ...sums.flatMap((local, i) => [GET, local, ...(i === 0 ? [] : simd(0x51))]),
    ...simd(0x1b),
    0,
    0x0b,
  ];
  return sized([1, LOADS, V128, ...body]);
}

function splat(local: number, value: number): number[] {
  const bytes = new Uint8Array(Float32Array.of(value).buffer);
  return [0x43, ...bytes, ...simd(0x13), SET, local];
}

function simd(opcode: number): number[] {
  return [0xfd, ...leb(opcode)];
}

/** `kind` 0 is a function, 2 a memory. */
function exported(name: string, kind: number, index: number): number[] {
  return [name.length, ...new TextEncoder().encode(name), kind, index];
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...sized(content)];
}

function sized(content: readonly number[]): number[] {
  return [...leb(content.length), ...content];
}

function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}

/** Signed LEB128 of a number that is not negative. */
function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];
}
