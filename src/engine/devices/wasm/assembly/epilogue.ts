import {
  gelu, geluBoth, geluDerivative, geluNew, geluNewBoth, geluNewDerivative, silu, siluBoth, siluDerivative,
} from './activations';
import { GELU, GELU_NEW, PLAIN, PRODUCT, PRODUCT_KEPT, PRODUCTS, SILU, SUM } from './epilogues';
import { at, int } from './words';

/*
 * What most products end with, in one pass over a tile while it is in the cache; anything else goes through
 * `evaluate`. z is the product, plus a row where there is one; o and the like are other tensors of the result's shape.
 */

/**
 * Some rows and columns of a product at `z`, with `stride` bytes from row to row; the first is element `start`
 * of the result, whose rows have `width` elements and no gap. Words: 0 which, 1 the row or 0, 2 and 3 results
 * x and y, 4 to 6 o, p and q.
 */
export function finish(
  words: usize, start: i32, column: i32, rows: i32, columns: i32, width: i32, z: usize, stride: usize,
): void {
  const row = at(words, 1) != 0 ? at(words, 1) + (<usize>column << 2) : 0;
  let from = <usize>start << 2;
  for (; rows > 0; rows--) {
    const x = at(words, 2) + from;
    const y = at(words, 3) + from;
    const o = at(words, 4) + from;
    switch (int(words, 0)) {
      case PLAIN: join<First>(z, row, z, x, columns); break;
      case SUM: join<Sum>(z, row, o, x, columns); break;
      case PRODUCT: join<Times>(z, row, o, x, columns); break;
      case PRODUCT_KEPT: keep(z, row, o, x, y, columns); break;
      case PRODUCTS: multiply(z, row, o, at(words, 5) + from, at(words, 6) + from, x, y, columns); break;
      case GELU: activate<Gelu>(z, row, x, y, columns); break;
      case GELU_NEW: activate<GeluNew>(z, row, x, y, columns); break;
      case SILU: activate<Silu>(z, row, x, y, columns); break;
    }
    z += stride;
    from += <usize>width << 2;
  }
}

/** x = f(z, o) */
function join<T>(z: usize, row: usize, o: usize, x: usize, columns: i32): void {
  const f = changetype<T>(0);
  let j: usize = 0;
  for (const whole = <usize>(columns & ~3) << 2; j < whole; j += 16) {
    let p = v128.load(z + j);
    if (row != 0) p = f32x4.add(p, v128.load(row + j));
    v128.store(x + j, f.apply(p, v128.load(o + j)));
  }
  for (const end = <usize>columns << 2; j < end; j += 4) {
    let p = v128.load32_splat(z + j);
    if (row != 0) p = f32x4.add(p, v128.load32_splat(row + j));
    store<f32>(x + j, f32x4.extract_lane(f.apply(p, v128.load32_splat(o + j)), 0));
  }
}

/** x = z, y = z o */
function keep(z: usize, row: usize, o: usize, x: usize, y: usize, columns: i32): void {
  let j: usize = 0;
  for (const whole = <usize>(columns & ~3) << 2; j < whole; j += 16) {
    let p = v128.load(z + j);
    if (row != 0) p = f32x4.add(p, v128.load(row + j));
    const product = f32x4.mul(p, v128.load(o + j));
    v128.store(x + j, p);
    v128.store(y + j, product);
  }
  for (const end = <usize>columns << 2; j < end; j += 4) {
    let p = load<f32>(z + j);
    if (row != 0) p += load<f32>(row + j);
    const product = p * load<f32>(o + j);
    store<f32>(x + j, p);
    store<f32>(y + j, product);
  }
}

/** x = z o, y = z p q */
function multiply(
  z: usize, row: usize, o: usize, p: usize, q: usize, x: usize, y: usize, columns: i32,
): void {
  let j: usize = 0;
  for (const whole = <usize>(columns & ~3) << 2; j < whole; j += 16) {
    let r = v128.load(z + j);
    if (row != 0) r = f32x4.add(r, v128.load(row + j));
    const first = f32x4.mul(r, v128.load(o + j));
    const second = f32x4.mul(f32x4.mul(r, v128.load(p + j)), v128.load(q + j));
    v128.store(x + j, first);
    v128.store(y + j, second);
  }
  for (const end = <usize>columns << 2; j < end; j += 4) {
    let r = load<f32>(z + j);
    if (row != 0) r += load<f32>(row + j);
    const first = r * load<f32>(o + j);
    const second = r * load<f32>(p + j) * load<f32>(q + j);
    store<f32>(x + j, first);
    store<f32>(y + j, second);
  }
}

/** x = f'(z), y = f(z) */
function activate<T>(z: usize, row: usize, x: usize, y: usize, columns: i32): void {
  const f = changetype<T>(0);
  let j: usize = 0;
  for (const pairs = <usize>(columns & ~7) << 2; j < pairs; j += 32) {
    let p = v128.load(z + j);
    let q = v128.load(z + j, 16);
    if (row != 0) {
      p = f32x4.add(p, v128.load(row + j));
      q = f32x4.add(q, v128.load(row + j, 16));
    }
    f.both(p, q, x + j, y + j);
  }
  for (const end = <usize>columns << 2; j < end; j += 4) {
    let p = v128.load32_splat(z + j);
    if (row != 0) p = f32x4.add(p, v128.load32_splat(row + j));
    store<f32>(x + j, f32x4.extract_lane(f.slope(p), 0));
    store<f32>(y + j, f32x4.extract_lane(f.value(p), 0));
  }
}

// Classes without fields: what a loop over them does is known when it is compiled, unlike a function's value.

@final class First { @inline apply(z: v128, o: v128): v128 { return z; } }
@final class Sum { @inline apply(z: v128, o: v128): v128 { return f32x4.add(z, o); } }
@final class Times { @inline apply(z: v128, o: v128): v128 { return f32x4.mul(z, o); } }
@final class Gelu {
  @inline both(z0: v128, z1: v128, slope: usize, value: usize): void { geluBoth(z0, z1, slope, value); }
  @inline slope(z: v128): v128 { return geluDerivative(z); }
  @inline value(z: v128): v128 { return gelu(z); }
}
@final class GeluNew {
  @inline both(z0: v128, z1: v128, slope: usize, value: usize): void { geluNewBoth(z0, z1, slope, value); }
  @inline slope(z: v128): v128 { return geluNewDerivative(z); }
  @inline value(z: v128): v128 { return geluNew(z); }
}
@final class Silu {
  @inline both(z0: v128, z1: v128, slope: usize, value: usize): void { siluBoth(z0, z1, slope, value); }
  @inline slope(z: v128): v128 { return siluDerivative(z); }
  @inline value(z: v128): v128 { return silu(z); }
}
