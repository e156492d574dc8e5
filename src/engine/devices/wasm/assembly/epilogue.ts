import { gelu, geluDerivative, geluNew, geluNewDerivative, silu, siluDerivative } from './activations';
import {
  GELU_GRAD, GELU_KEPT, GELU_NEW_GRAD, GELU_NEW_KEPT, PLAIN, PRODUCT_KEPT, SILU_GRAD, SILU_KEPT, SUM,
} from './epilogues';
import { at, int } from './words';

/*
 * What most products end with, in one pass over a tile while it is in the cache; anything else goes through
 * `evaluate`. z is the product, plus a row where there is one; o is another tensor of the result's shape.
 */

/**
 * Some rows and columns of a product at `z`, with `stride` bytes from row to row; the first is element `start`
 * of the result, whose rows have `width` elements and no gap. Words: 0 which, 1 the row or 0, 2 o, 3 and 4
 * results x and y.
 */
export function finish(
  words: usize, start: i32, column: i32, rows: i32, columns: i32, width: i32, z: usize, stride: usize,
): void {
  const row = at(words, 1) != 0 ? at(words, 1) + (<usize>column << 2) : 0;
  let from = <usize>start << 2;
  for (; rows > 0; rows--) {
    const o = at(words, 2) + from;
    const x = at(words, 3) + from;
    const y = at(words, 4) + from;
    switch (int(words, 0)) {
      case PLAIN: join<First>(z, row, z, x, columns); break;
      case SUM: join<Sum>(z, row, o, x, columns); break;
      case PRODUCT_KEPT: split<Times>(z, row, o, x, y, columns); break;
      case GELU_KEPT: split<Gelu>(z, row, z, x, y, columns); break;
      case GELU_NEW_KEPT: split<GeluNew>(z, row, z, x, y, columns); break;
      case SILU_KEPT: split<Silu>(z, row, z, x, y, columns); break;
      case GELU_GRAD: join<GeluGrad>(z, row, o, x, columns); break;
      case GELU_NEW_GRAD: join<GeluNewGrad>(z, row, o, x, columns); break;
      case SILU_GRAD: join<SiluGrad>(z, row, o, x, columns); break;
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

/** x = z, y = f(z, o) */
function split<T>(z: usize, row: usize, o: usize, x: usize, y: usize, columns: i32): void {
  const f = changetype<T>(0);
  let j: usize = 0;
  for (const whole = <usize>(columns & ~3) << 2; j < whole; j += 16) {
    let p = v128.load(z + j);
    if (row != 0) p = f32x4.add(p, v128.load(row + j));
    const q = f.apply(p, v128.load(o + j));
    v128.store(x + j, p);
    v128.store(y + j, q);
  }
  for (const end = <usize>columns << 2; j < end; j += 4) {
    let p = v128.load32_splat(z + j);
    if (row != 0) p = f32x4.add(p, v128.load32_splat(row + j));
    const q = f.apply(p, v128.load32_splat(o + j));
    store<f32>(x + j, f32x4.extract_lane(p, 0));
    store<f32>(y + j, f32x4.extract_lane(q, 0));
  }
}

// Classes of one method: what a loop over them does is known when it is compiled, unlike a function's value.

@final class First { @inline apply(z: v128, o: v128): v128 { return z; } }
@final class Sum { @inline apply(z: v128, o: v128): v128 { return f32x4.add(z, o); } }
@final class Times { @inline apply(z: v128, o: v128): v128 { return f32x4.mul(z, o); } }
@final class Gelu { @inline apply(z: v128, o: v128): v128 { return gelu(z); } }
@final class GeluNew { @inline apply(z: v128, o: v128): v128 { return geluNew(z); } }
@final class Silu { @inline apply(z: v128, o: v128): v128 { return silu(z); } }
@final class GeluGrad { @inline apply(z: v128, o: v128): v128 { return f32x4.mul(z, geluDerivative(o)); } }
@final class GeluNewGrad { @inline apply(z: v128, o: v128): v128 { return f32x4.mul(z, geluNewDerivative(o)); } }
@final class SiluGrad { @inline apply(z: v128, o: v128): v128 { return f32x4.mul(z, siluDerivative(o)); } }
