import type { Kernel } from '../dispatch.ts';
import { grid } from '../grid.ts';
import { read, write } from '../wanted.ts';
import { f32 } from './literal.ts';
import { vectorFor } from './threads.ts';

/** Keys that a workgroup scores together. */
const TILE = 64;

/**
 * A workgroup for each query of each head. Tile by tile: each thread scores one key, all agree on the
 * largest score so far, then each thread adds the tile's values to its own columns of the result, which
 * shrink by as much as the largest score grew (Milakov and Gimelshein, 2018).
 */
export const cached_attention: Kernel<'cached_attention'> = (call, context) => {
  const { batch, time, heads, key_heads, head_size, capacity, scale } = call.attributes;
  const vector = vectorFor(head_size);
  const { tensors, dispatch } = context.bind('cached_attention', {
    qkv: read(call.inputs[0] as number, vector),
    k: read(call.inputs[1] as number, vector),
    v: read(call.inputs[2] as number, vector),
    position: read(call.inputs[3] as number, 1, 'u32'),
    y: write(call.outputs[0] as number, vector),
  });
  const { qkv, k, v, position, y } = tensors;
  const columns = head_size / vector;
  const width = (heads + 2 * key_heads) * columns;
  const count = batch * time * heads;
  const { workgroups, index } = grid(context.adapter, count);
  const perThread = Math.ceil(columns / TILE);
  const each = (statement: (n: number) => string) =>
    Array.from({ length: perThread }, (_, n) => statement(n)).join('\n    ');
  const product = (a: string, b: string) => (vector === 1 ? `${a} * ${b}` : `dot(${a}, ${b})`);
  return [
    dispatch(
      `
var<workgroup> scores : array<f32, ${TILE}>;
var<workgroup> limit : u32;
@compute @workgroup_size(${TILE})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let query = min(${index}, ${count - 1}u);
  let head = query % ${heads}u;
  let t = (query / ${heads}u) % ${time}u;
  let b = query / ${heads * time}u;
  if (lane == 0u) { limit = min(${position.load('b')} + t + 1u, ${capacity}u); }
  let seen = workgroupUniformLoad(&limit);
  let q = (b * ${time}u + t) * ${width}u + head * ${columns}u;
  let cache = (b * ${key_heads}u + head * ${key_heads}u / ${heads}u) * ${capacity * columns}u;
  var top = -3.0e38;
  var sum = 0.0;
  ${each((n) => `var acc${n} = ${y.type}();`)}
  for (var tile = 0u; tile < seen; tile += ${TILE}u) {
    var score = -3.0e38;
    if (tile + lane < seen) {
      let row = cache + (tile + lane) * ${columns}u;
      var total = 0.0;
      for (var d = 0u; d < ${columns}u; d++) { total += ${product(qkv.load('q + d'), k.load('row + d'))}; }
      score = total * ${f32(scale)};
    }
    scores[lane] = score;
    workgroupBarrier();
    let size = min(${TILE}u, seen - tile);
    var highest = top;
    for (var j = 0u; j < size; j++) { highest = max(highest, scores[j]); }
    let shrink = exp(top - highest);
    top = highest;
    sum *= shrink;
    ${each((n) => `acc${n} *= shrink;`)}
    for (var j = 0u; j < size; j++) {
      let weight = exp(scores[j] - top);
      sum += weight;
      let row = cache + (tile + j) * ${columns}u;
      ${each((n) => `if (lane + ${n * TILE}u < ${columns}u) { acc${n} += weight * ${v.load(`row + lane + ${n * TILE}u`)}; }`)}
    }
    workgroupBarrier();
  }
  if (${index} >= ${count}u) { return; }
  let out = query * ${columns}u;
  ${each((n) => `if (lane + ${n * TILE}u < ${columns}u) { ${y.store(`out + lane + ${n * TILE}u`, `acc${n} / sum`)} }`)}
}`,
      workgroups,
    ),
  ];
};
