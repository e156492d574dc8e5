import type { BoundTensor } from './dispatch.ts';
import type { Vector } from './wanted.ts';

/** The u32 words in which halves lie, two in each, from the start of their group. */
export interface HalfWords {
  /** 2 where they are reached as pairs, and indices count pairs. */
  readonly vector: Vector;
  readonly writable: boolean;
  readonly load: (index: string) => string;
  readonly store: (index: string, value: string) => string;
}

interface HalfUse {
  readonly id: string;
  readonly vector: Vector;
  /** In words, even. */
  readonly offset: number;
}

/** WGSL that reaches halves as if they were f32: one by one to read, in fours to read and write. */
export function halfAccess(
  { id, vector, offset }: HalfUse,
  words: HalfWords,
  text: string[],
): Pick<BoundTensor, 'load' | 'store' | 'words'> {
  const plus = (index: string, more: number) => (more === 0 ? index : `${index} + ${more}u`);
  if (!text.includes(HALVES)) text.push(HALVES);
  if (vector === 4 && words.vector === 2) {
    const at = (index: string) => plus(index, offset / 2);
    const both = (index: string) => words.load(at(index));
    return {
      words: both,
      load: (index) => `unpack_halves(${both(index)})`,
      store: (index, value) => words.store(at(index), `pack_halves(${value})`),
    };
  }
  const load = (index: string) => `${id}_load(${index})`;
  if (vector === 4) {
    const start = `let e = ${plus('i * 2u', offset)};`;
    const both = `vec2<u32>(${words.load('e')}, ${words.load('e + 1u')})`;
    text.push(
      `fn ${id}_words(i : u32) -> vec2<u32> { ${start} return ${both}; }`,
      `fn ${id}_load(i : u32) -> vec4<f32> { return unpack_halves(${id}_words(i)); }`,
    );
    if (words.writable) {
      const stores = `${words.store('e', 'w.x')} ${words.store('e + 1u', 'w.y')}`;
      text.push(`fn ${id}_store(i : u32, v : vec4<f32>) { ${start} let w = pack_halves(v); ${stores} }`);
    }
    return {
      words: (index) => `${id}_words(${index})`,
      load,
      store: (index, value) => `${id}_store(${index}, ${value});`,
    };
  }
  const word = words.load(plus('(i >> 1u)', offset));
  // Not by an index into the pair: compilers keep a vector in memory for that.
  text.push(`fn ${id}_load(i : u32) -> f32 { return unpack2x16float(${word} >> ((i & 1u) << 4u)).x; }`);
  return {
    words: null,
    load,
    store() {
      throw new RangeError('a half shares its word with a neighbour, so halves are stored in fours');
    },
  };
}

/**
 * pack2x16float may do what it likes with what no half can hold: it gets the largest half instead, to whose
 * bits 1 is added for infinity, or more for NaN. 65,520 (0x477ff000) is the first that rounds to infinity.
 */
export const HALVES = `fn unpack_halves(words : vec2<u32>) -> vec4<f32> {
  return vec4<f32>(unpack2x16float(words.x), unpack2x16float(words.y));
}
fn pack_halves(v : vec4<f32>) -> vec2<u32> {
  let bits = bitcast<vec4<u32>>(v);
  let size = bits & vec4<u32>(0x7fffffffu);
  let held = bitcast<vec4<f32>>((bits & vec4<u32>(0x80000000u)) | min(size, vec4<u32>(0x477fe000u)));
  let infinite = select(vec4<u32>(), vec4<u32>(1u), size >= vec4<u32>(0x477ff000u));
  let more = select(infinite, vec4<u32>(0x201u), size > vec4<u32>(0x7f800000u));
  return vec2<u32>(pack2x16float(held.xy), pack2x16float(held.zw)) + (more.xz | (more.yw << vec2<u32>(16u)));
}`;
