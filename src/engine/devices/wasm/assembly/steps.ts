import { gelu, geluDerivative, geluNew, geluNewDerivative, silu, siluDerivative } from './activations';
import { exp, log, madd, sigmoid, tanh } from './math';
import * as OP from './operations';
import { hashKey, keep } from './random';
import { at, float, int } from './words';

/**
 * One step of an expression over a block: `bytes` (whole vectors) from the step's arguments to `to`. `to`
 * may be one of them. `values` has the address of each value's block; `first` is the index of the block's
 * first element in the whole.
 */
export function applyStep(step: usize, to: usize, bytes: usize, values: usize, first: i32): void {
  const a = at(values, int(step, 3));
  const b = at(values, int(step, 4));
  const end = to + bytes;
  switch (int(step, 0)) {
    case OP.NEG: unary<Neg>(to, a, end); break;
    case OP.EXP: unary<Exp>(to, a, end); break;
    case OP.LOG: unary<Log>(to, a, end); break;
    case OP.SQRT: unary<Sqrt>(to, a, end); break;
    case OP.RSQRT: unary<Rsqrt>(to, a, end); break;
    case OP.SQUARE: unary<Square>(to, a, end); break;
    case OP.ABS: unary<Abs>(to, a, end); break;
    case OP.SIGN: unary<Sign>(to, a, end); break;
    case OP.IS_FINITE: unary<IsFinite>(to, a, end); break;
    case OP.TANH: unary<Tanh>(to, a, end); break;
    case OP.SIGMOID: unary<Sigmoid>(to, a, end); break;
    case OP.RELU: unary<Relu>(to, a, end); break;
    case OP.GELU: unary<Gelu>(to, a, end); break;
    case OP.GELU_NEW: unary<GeluNew>(to, a, end); break;
    case OP.SILU: unary<Silu>(to, a, end); break;
    case OP.GELU_SLOPE: unary<GeluSlope>(to, a, end); break;
    case OP.GELU_NEW_SLOPE: unary<GeluNewSlope>(to, a, end); break;
    case OP.SILU_SLOPE: unary<SiluSlope>(to, a, end); break;
    case OP.RELU_GRAD: binary<ReluGrad>(to, a, b, end); break;
    case OP.GELU_GRAD: binary<GeluGrad>(to, a, b, end); break;
    case OP.GELU_NEW_GRAD: binary<GeluNewGrad>(to, a, b, end); break;
    case OP.SILU_GRAD: binary<SiluGrad>(to, a, b, end); break;
    case OP.ADD: binary<Add>(to, a, b, end); break;
    case OP.SUB: binary<Sub>(to, a, b, end); break;
    case OP.MUL: binary<Mul>(to, a, b, end); break;
    case OP.DIV: binary<Div>(to, a, b, end); break;
    case OP.MAXIMUM: binary<Maximum>(to, a, b, end); break;
    case OP.MINIMUM: binary<Minimum>(to, a, b, end); break;
    case OP.GREATER: binary<Greater>(to, a, b, end); break;
    case OP.WHERE: where(to, a, b, at(values, int(step, 5)), end); break;
    case OP.AFFINE: affine(to, a, end, float(step, 9), float(step, 10)); break;
    case OP.EMA: ema(to, a, b, end, float(step, 9), float(step, 10)); break;
    case OP.EMA_SQUARE: emaSquare(to, a, b, end, float(step, 9), float(step, 10)); break;
    case OP.ADAMW_UPDATE: adamwUpdate(step, to, end, values); break;
    case OP.DECAYED_UPDATE: decayedUpdate(to, a, b, at(values, int(step, 5)), end, float(step, 9)); break;
    case OP.DROPOUT_MASK: dropoutMask(step, to, end, load<u32>(a), <u32>first); break;
  }
}

// Classes of one method: what a loop over them does is known when it is compiled, unlike a function's value.

function unary<T>(to: usize, a: usize, end: usize): void {
  const f = changetype<T>(0);
  for (; to < end; to += 16, a += 16) v128.store(to, f.apply(v128.load(a)));
}

function binary<T>(to: usize, a: usize, b: usize, end: usize): void {
  const f = changetype<T>(0);
  for (; to < end; to += 16, a += 16, b += 16) v128.store(to, f.apply(v128.load(a), v128.load(b)));
}

@final class Neg { @inline apply(x: v128): v128 { return f32x4.neg(x); } }
@final class Exp { @inline apply(x: v128): v128 { return exp(x); } }
@final class Log { @inline apply(x: v128): v128 { return log(x); } }
@final class Sqrt { @inline apply(x: v128): v128 { return f32x4.sqrt(x); } }
@final class Rsqrt { @inline apply(x: v128): v128 { return f32x4.div(f32x4.splat(1), f32x4.sqrt(x)); } }
@final class Square { @inline apply(x: v128): v128 { return f32x4.mul(x, x); } }
@final class Abs { @inline apply(x: v128): v128 { return f32x4.abs(x); } }
@final class Tanh { @inline apply(x: v128): v128 { return tanh(x); } }
@final class Sigmoid { @inline apply(x: v128): v128 { return sigmoid(x); } }
@final class Relu { @inline apply(x: v128): v128 { return f32x4.max(x, f32x4.splat(0)); } }
@final class Gelu { @inline apply(x: v128): v128 { return gelu(x); } }
@final class GeluSlope { @inline apply(x: v128): v128 { return geluDerivative(x); } }
@final class GeluNew { @inline apply(x: v128): v128 { return geluNew(x); } }
@final class GeluNewSlope { @inline apply(x: v128): v128 { return geluNewDerivative(x); } }
@final class Silu { @inline apply(x: v128): v128 { return silu(x); } }
@final class SiluSlope { @inline apply(x: v128): v128 { return siluDerivative(x); } }
/** 0 and what is not a number as it is. */
@final class Sign { @inline apply(x: v128): v128 {
  const one = v128.or(f32x4.splat(1), v128.and(x, f32x4.splat(-0.0)));
  return v128.bitselect(one, x, f32x4.gt(f32x4.abs(x), f32x4.splat(0)));
} }
/** 1 where not all bits of the exponent are set. */
@final class IsFinite { @inline apply(x: v128): v128 {
  const exponent = i32x4.splat(0x7f800000);
  return v128.and(i32x4.ne(v128.and(x, exponent), exponent), f32x4.splat(1));
} }

// (x, dy) -> dx
@final class ReluGrad { @inline apply(x: v128, dy: v128): v128 {
  return f32x4.mul(v128.and(f32x4.gt(x, f32x4.splat(0)), f32x4.splat(1)), dy);
} }
@final class GeluGrad { @inline apply(x: v128, dy: v128): v128 { return f32x4.mul(geluDerivative(x), dy); } }
@final class GeluNewGrad { @inline apply(x: v128, dy: v128): v128 { return f32x4.mul(geluNewDerivative(x), dy); } }
@final class SiluGrad { @inline apply(x: v128, dy: v128): v128 { return f32x4.mul(siluDerivative(x), dy); } }

@final class Add { @inline apply(a: v128, b: v128): v128 { return f32x4.add(a, b); } }
@final class Sub { @inline apply(a: v128, b: v128): v128 { return f32x4.sub(a, b); } }
@final class Mul { @inline apply(a: v128, b: v128): v128 { return f32x4.mul(a, b); } }
@final class Div { @inline apply(a: v128, b: v128): v128 { return f32x4.div(a, b); } }
@final class Maximum { @inline apply(a: v128, b: v128): v128 { return f32x4.max(a, b); } }
@final class Minimum { @inline apply(a: v128, b: v128): v128 { return f32x4.min(a, b); } }
@final class Greater { @inline apply(a: v128, b: v128): v128 { return v128.and(f32x4.gt(a, b), f32x4.splat(1)); } }

function where(to: usize, condition: usize, a: usize, b: usize, end: usize): void {
  for (; to < end; to += 16, condition += 16, a += 16, b += 16) {
    const not = f32x4.eq(v128.load(condition), f32x4.splat(0));
    v128.store(to, v128.bitselect(v128.load(b), v128.load(a), not));
  }
}

/** x * factor + offset, not fused: 1 * x + 0 and the like are exact, and -x is a sign. */
function affine(to: usize, x: usize, end: usize, factor: f32, offset: f32): void {
  const f = f32x4.splat(factor);
  const o = f32x4.splat(offset);
  for (; to < end; to += 16, x += 16) v128.store(to, f32x4.add(f32x4.mul(v128.load(x), f), o));
}

/** beta * m + rest * g, where rest is 1 - beta */
function ema(to: usize, m: usize, g: usize, end: usize, beta: f32, rest: f32): void {
  const b = f32x4.splat(beta);
  const r = f32x4.splat(rest);
  for (; to < end; to += 16, m += 16, g += 16) {
    v128.store(to, madd(v128.load(m), b, f32x4.mul(v128.load(g), r)));
  }
}

function emaSquare(to: usize, v: usize, g: usize, end: usize, beta: f32, rest: f32): void {
  const b = f32x4.splat(beta);
  const r = f32x4.splat(rest);
  for (; to < end; to += 16, v += 16, g += 16) {
    const gradient = v128.load(g);
    v128.store(to, madd(v128.load(v), b, f32x4.mul(f32x4.mul(r, gradient), gradient)));
  }
}

/** p * (1 - lr * decay) - lr * direction */
@inline
function decayed(p: v128, direction: v128, lr: v128, decay: v128): v128 {
  const kept = f32x4.sub(f32x4.splat(1), f32x4.mul(lr, decay));
  return f32x4.sub(f32x4.mul(p, kept), f32x4.mul(lr, direction));
}

function decayedUpdate(to: usize, p: usize, direction: usize, lr: usize, end: usize, decay: f32): void {
  const d = f32x4.splat(decay);
  for (; to < end; to += 16, p += 16, direction += 16, lr += 16) {
    v128.store(to, decayed(v128.load(p), v128.load(direction), v128.load(lr), d));
  }
}

function adamwUpdate(step: usize, to: usize, end: usize, values: usize): void {
  const epsilon = f32x4.splat(float(step, 9));
  const decay = f32x4.splat(float(step, 10));
  let p = at(values, int(step, 3));
  let m = at(values, int(step, 4));
  let v = at(values, int(step, 5));
  let lr = at(values, int(step, 6));
  let bias1 = at(values, int(step, 7));
  let bias2 = at(values, int(step, 8));
  for (; to < end; to += 16, p += 16, m += 16, v += 16, lr += 16, bias1 += 16, bias2 += 16) {
    const root = f32x4.sqrt(f32x4.div(v128.load(v), v128.load(bias2)));
    const direction = f32x4.div(f32x4.div(v128.load(m), v128.load(bias1)), f32x4.add(root, epsilon));
    v128.store(to, decayed(v128.load(p), direction, v128.load(lr), decay));
  }
}

/** 0, or 1 / (1 - rate) where the hash is at least the threshold. Words 9 to 11: that number, stream, threshold. */
function dropoutMask(step: usize, to: usize, end: usize, seed: u32, first: u32): void {
  const kept = f32x4.splat(float(step, 9));
  const threshold = i32x4.splat(int(step, 11));
  const key = hashKey(seed, <u32>int(step, 10));
  let index = i32x4.add(i32x4.splat(<i32>first), i32x4(0, 1, 2, 3));
  for (; to < end; to += 16) {
    v128.store(to, v128.and(keep(key, index, threshold), kept));
    index = i32x4.add(index, i32x4.splat(4));
  }
}
