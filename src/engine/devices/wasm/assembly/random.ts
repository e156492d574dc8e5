/** hash32 of src/base/random.ts, bit for bit. */

@inline
function mix(value: u32): u32 {
  let x = value;
  x = (x ^ (x >> 16)) * 0x85ebca6b;
  x = (x ^ (x >> 13)) * 0xc2b2ae35;
  return x ^ (x >> 16);
}

/** The state after two words: what is left to do is the same for all elements. */
export function hashKey(first: u32, second: u32): u32 {
  let h = mix((0x9e3779b9 ^ mix(first + 0x6d2b79f5)) + 0x9e3779b9);
  h = mix((h ^ mix(second + 0x6d2b79f5)) + 0x9e3779b9);
  return h;
}

@inline
function mix4(value: v128): v128 {
  let x = value;
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 16)), i32x4.splat(0x85ebca6b));
  x = i32x4.mul(v128.xor(x, i32x4.shr_u(x, 13)), i32x4.splat(0xc2b2ae35));
  return v128.xor(x, i32x4.shr_u(x, 16));
}

/** hash32(first, second, index) of four indices. */
@inline
export function hash4(key: u32, index: v128): v128 {
  const mixed = mix4(i32x4.add(index, i32x4.splat(0x6d2b79f5)));
  return mix4(i32x4.add(v128.xor(i32x4.splat(key), mixed), i32x4.splat(0x9e3779b9)));
}

/** All bits set where the element of that index stays: its hash is at least the threshold, both without sign. */
@inline
export function keep(key: u32, index: v128, threshold: v128): v128 {
  return i32x4.ge_u(hash4(key, index), threshold);
}
