import type { AttentionGradKernel } from '../../../../graph/lower/kernel-plan.ts';
import type { BoundTensor } from '../../dispatch.ts';
import { f32 } from '../literal.ts';
import { rotaryFrequencies } from '../trigonometry.ts';
import type { GradTensors } from './grad-tensors.ts';
import { type AttentionShape, threadText } from './shape.ts';

/**
 * The gradient as loops over a head's row, whose text is as long for any head size. For adapters that are
 * computed by the processor: what it takes them to compile the rows written out grows much faster than the
 * rows do, to minutes for heads of 256.
 */

type Dropout = ((element: string) => string) | null;

/** Vectors of a row up to which it is written out: beyond, compiling takes longer than loops cost. */
const MOST_WRITTEN = { quads: 16, direct: 4, tile: Number.POSITIVE_INFINITY } as const;

export function isLooped({ reach, n }: AttentionShape): boolean {
  return n > MOST_WRITTEN[reach];
}

/** `fn queries`: dq of one query, over the keys that it sees. */
export function loopedQueriesText(
  attributes: AttentionGradKernel,
  shape: AttentionShape,
  { qkv, out, lse, dout, dqkv }: GradTensors,
  dropout: Dropout,
  positions: BoundTensor | null,
): string {
  const { time, heads, key_heads, scale } = attributes;
  const { n, width, out_width, type } = shape;
  const kept = dropout === null ? '' : ` * ${dropout(`at * ${time}u + j`)}`;
  return `
${helpers(attributes, shape)}
fn queries(first : u32, lane : u32) {
  let i = first + lane;
  ${threadText(attributes, shape, heads)}
  if (!live) { return; }
  let k_at = b * ${time * width}u + (${heads}u + head * ${key_heads}u / ${heads}u) * ${n}u;
  let q_at = (b * ${time}u + t) * ${width}u + head * ${n}u;
  let g_at = (b * ${time}u + t) * ${out_width}u + head * ${n}u;
  let at = (b * ${heads}u + head) * ${time}u + t;
  let norm = ${lse.load('at')};
  var dq : array<${type}, ${n}>;
  var delta = 0.0;
  for (var c = 0u; c < ${n}u; c++) { delta += product(${dout.load('g_at + c')}, ${out.load('g_at + c')}); }
  for (var j = 0u; j <= t; j++) {
    let k_row = k_at + j * ${width}u;
    let v_row = k_row + ${key_heads * n}u;
    var score = 0.0;
    var dp = 0.0;
    for (var c = 0u; c < ${n}u; c++) {
      score += product(${qkv.load('q_at + c')}, ${qkv.load('k_row + c')});
      dp += product(${dout.load('g_at + c')}, ${qkv.load('v_row + c')});
    }
    let ds = exp(score * ${f32(scale)} - norm) * (dp${kept} - delta);
    for (var c = 0u; c < ${n}u; c++) { dq[c] += ds * ${qkv.load('k_row + c')}; }
  }
  ${turnBack('dq', shape, positions)}
  for (var c = 0u; c < ${n}u; c++) { ${dqkv.store('q_at + c', `dq[c] * ${f32(scale)}`)} }
}`;
}

/** `fn keys`: dk and dv of one key, over the query heads that use it and the queries that see it. */
export function loopedKeysText(
  attributes: AttentionGradKernel,
  shape: AttentionShape,
  { qkv, out, lse, dout, dqkv }: GradTensors,
  dropout: Dropout,
  positions: BoundTensor | null,
): string {
  const { time, heads, key_heads, scale } = attributes;
  const { n, width, out_width, type } = shape;
  const kept = dropout === null ? '1.0' : dropout(`at * ${time}u + t`);
  return `
fn keys(first : u32, lane : u32) {
  let i = first + lane;
  ${threadText(attributes, shape, key_heads)}
  if (!live) { return; }
  let k_at = (b * ${time}u + t) * ${width}u + (${heads}u + head) * ${n}u;
  let v_at = k_at + ${key_heads * n}u;
  var dk : array<${type}, ${n}>;
  var dv : array<${type}, ${n}>;
  let last_head = ((head + 1u) * ${heads}u + ${key_heads - 1}u) / ${key_heads}u;
  for (var h = (head * ${heads}u + ${key_heads - 1}u) / ${key_heads}u; h < last_head; h++) {
    for (var j = t; j < ${time}u; j++) {
      let q_row = (b * ${time}u + j) * ${width}u + h * ${n}u;
      let g_row = (b * ${time}u + j) * ${out_width}u + h * ${n}u;
      let at = (b * ${heads}u + h) * ${time}u + j;
      var score = 0.0;
      var dp = 0.0;
      var delta = 0.0;
      for (var c = 0u; c < ${n}u; c++) {
        let g = ${dout.load('g_row + c')};
        score += product(${qkv.load('k_at + c')}, ${qkv.load('q_row + c')});
        dp += product(${qkv.load('v_at + c')}, g);
        delta += product(${out.load('g_row + c')}, g);
      }
      let p = exp(score * ${f32(scale)} - ${lse.load('at')});
      let mask = ${kept};
      let ds = p * (dp * mask - delta);
      let w = p * mask;
      for (var c = 0u; c < ${n}u; c++) {
        dk[c] += ds * ${qkv.load('q_row + c')};
        dv[c] += w * ${dout.load('g_row + c')};
      }
    }
  }
  ${turnBack('dk', shape, positions)}
  for (var c = 0u; c < ${n}u; c++) {
    ${dqkv.store('k_at + c', `dk[c] * ${f32(scale)}`)}
    ${dqkv.store('v_at + c', 'dv[c]')}
  }
}`;
}

/** With the frequencies of a row's vectors where it has to be turned back. */
function helpers({ turned, head_size }: AttentionGradKernel, { n, vector, type }: AttentionShape): string {
  const product = `fn product(a : ${type}, b : ${type}) -> f32 { return ${vector === 4 ? 'dot(a, b)' : 'a * b'}; }`;
  if (turned === null) return product;
  const all = [...new Float32Array(rotaryFrequencies(head_size, turned.theta).buffer)].map((one) => f32(one));
  const vectors = Array.from({ length: n / 2 }, (_, c) => all.slice(c * vector, (c + 1) * vector).join(', '));
  return `${product}
fn frequency(c : u32) -> ${type} {
  var all = array<${type}, ${n / 2}>(${vectors.map((one) => `${type}(${one})`).join(', ')});
  return all[c];
}`;
}

/** Statements that rotate the row `name` back, as `turnText` does; `turned_by` is of its module. */
function turnBack(name: string, { n }: AttentionShape, positions: BoundTensor | null): string {
  if (positions === null) return '';
  return `let position = f32(${positions.load('t')});
  for (var c = 0u; c < ${n / 2}u; c++) {
    let by = turned_by(position * frequency(c));
    let a = ${name}[c];
    let b = ${name}[c + ${n / 2}u];
    ${name}[c] = a * by.cosine + b * by.sine;
    ${name}[c + ${n / 2}u] = b * by.cosine - a * by.sine;
  }`;
}
