import type { Kernel } from '../dispatch.ts';
import { grid } from '../grid.ts';
import { read, write } from '../wanted.ts';

const LANES = 256;

/**
 * Draws a token of each row by the rules of `pickToken` (inference/pick.ts), a workgroup a row, whose
 * threads each look at a stretch of ids. What top_k and top_p keep is found by halving over the bits of
 * the numbers: those of floats that are not negative are in the order of the floats.
 */
export const sample_token: Kernel<'sample_token'> = (call, context) => {
  const { rows, vocab } = call.attributes;
  const [logits, uniform, temperature, top_k, top_p] = call.inputs as [
    number,
    number,
    number,
    number,
    number,
  ];
  const { tensors: t, dispatch } = context.bind('sample_token', {
    logits: read(logits),
    uniform: read(uniform),
    temperature: read(temperature),
    top_k: read(top_k, 1, 'i32'),
    top_p: read(top_p),
    y: write(call.outputs[0] as number, 1, 'i32'),
  });
  const { workgroups, index } = grid(context.adapter, rows);
  const stretch = Math.ceil(vocab / LANES);
  return [
    dispatch(
      `
var<workgroup> numbers : array<f32, ${LANES}>;
var<workgroup> counts : array<u32, ${LANES}>;
var<workgroup> settings : vec4<f32>;

fn add_all(value : f32, lane : u32) -> f32 {
  numbers[lane] = value;
  workgroupBarrier();
  for (var step = ${LANES / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) { numbers[lane] += numbers[lane + step]; }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&numbers[0]);
}
fn count_all(value : u32, lane : u32) -> u32 {
  counts[lane] = value;
  workgroupBarrier();
  for (var step = ${LANES / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) { counts[lane] += counts[lane + step]; }
    workgroupBarrier();
  }
  return workgroupUniformLoad(&counts[0]);
}
/** Bits whose order as u32 is that of the floats. */
fn ordered(x : f32) -> u32 {
  let bits = bitcast<u32>(x);
  return select(bits | 0x80000000u, ~bits, (bits & 0x80000000u) != 0u);
}

@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let row = min(${index}, ${rows - 1}u);
  let start = row * ${vocab}u;
  let begin = lane * ${stretch}u;
  let to = min(begin + ${stretch}u, ${vocab}u);
  if (lane == 0u) {
    settings = vec4<f32>(${t.temperature.load('0u')}, f32(${t.top_k.load('0u')}), ${t.top_p.load('0u')}, 0.0);
  }
  // The largest logit and the first id that has it.
  var largest = -3.4028234e38;
  var largest_at = begin;
  for (var id = begin; id < to; id++) {
    let x = ${t.logits.load('start + id')};
    if (x > largest) { largest = x; largest_at = id; }
  }
  numbers[lane] = largest;
  counts[lane] = largest_at;
  let chosen = workgroupUniformLoad(&settings);
  for (var step = ${LANES / 2}u; step > 0u; step = step >> 1u) {
    if (lane < step) {
      let other = numbers[lane + step];
      if (other > numbers[lane] || (other == numbers[lane] && counts[lane + step] < counts[lane])) { numbers[lane] = other; counts[lane] = counts[lane + step]; }
    }
    workgroupBarrier();
  }
  let top = workgroupUniformLoad(&numbers[0]);
  let best = workgroupUniformLoad(&counts[0]);
  if (chosen.x == 0.0) {
    if (lane == 0u && ${index} < ${rows}u) { ${t.y.store('row', 'i32(best)')} }
    return;
  }

  // The k-th largest logit.
  var least = 0u;
  let k = u32(chosen.y);
  if (k > 0u && k < ${vocab}u) {
    for (var bit = 0x80000000u; bit > 0u; bit = bit >> 1u) {
      let tried = least | bit;
      var found = 0u;
      for (var id = begin; id < to; id++) { found += select(0u, 1u, ordered(${t.logits.load('start + id')}) >= tried); }
      if (count_all(found, lane) >= k) { least = tried; }
    }
  }

  // Weights below the bits of 'tail' go, and of those equal to it all but the first 'kept_equals'.
  var whole = 0.0;
  for (var id = begin; id < to; id++) {
    let x = ${t.logits.load('start + id')};
    if (ordered(x) >= least) { whole += exp((x - top) / chosen.x); }
  }
  whole = add_all(whole, lane);
  var tail = 0u;
  var kept_equals = ${vocab}u;
  if (chosen.z < 1.0) {
    let limit = (1.0 - chosen.z) * whole;
    for (var bit = 0x40000000u; bit > 0u; bit = bit >> 1u) {
      let tried = tail | bit;
      var below = 0.0;
      for (var id = begin; id < to; id++) {
        let x = ${t.logits.load('start + id')};
        let w = exp((x - top) / chosen.x);
        if (ordered(x) >= least && bitcast<u32>(w) < tried) { below += w; }
      }
      if (add_all(below, lane) <= limit) { tail = tried; }
    }
    // The largest weight is 1: above its bits nothing is left, and the best must stay.
    tail = min(tail, 0x3f800000u);
    var below = 0.0;
    var equal = 0u;
    for (var id = begin; id < to; id++) {
      let x = ${t.logits.load('start + id')};
      let w = exp((x - top) / chosen.x);
      if (ordered(x) >= least && bitcast<u32>(w) < tail) { below += w; }
      if (ordered(x) >= least && bitcast<u32>(w) == tail) { equal++; }
    }
    below = add_all(below, lane);
    let all_equal = count_all(equal, lane);
    var dropped = 0u;
    if (all_equal > 0u) {
      dropped = u32(clamp((limit - below) / bitcast<f32>(tail), 0.0, f32(all_equal)));
      if (tail == 0x3f800000u) { dropped = min(dropped, all_equal - 1u); }
    }
    // How many equals come before this thread's stretch.
    counts[lane] = equal;
    workgroupBarrier();
    var before = 0u;
    for (var other = 0u; other < lane; other++) { before += counts[other]; }
    kept_equals = all_equal - dropped;
    workgroupBarrier();
    counts[lane] = before;
    workgroupBarrier();
  } else {
    counts[lane] = 0u;
    workgroupBarrier();
  }

  // What is left, summed by stretches, then walked through in the one that the draw falls into.
  var rank = counts[lane];
  var kept = 0.0;
  for (var id = begin; id < to; id++) {
    let x = ${t.logits.load('start + id')};
    let w = exp((x - top) / chosen.x);
    let bits = bitcast<u32>(w);
    if (ordered(x) < least || bits < tail) { continue; }
    if (bits == tail) {
      rank++;
      if (rank > kept_equals) { continue; }
    }
    kept += w;
  }
  numbers[lane] = kept;
  workgroupBarrier();
  if (lane != 0u || ${index} >= ${rows}u) { return; }
  var total = 0.0;
  for (var other = 0u; other < ${LANES}u; other++) { total += numbers[other]; }
  var left = ${t.uniform.load('row')} * total;
  var picked = best;
  for (var other = 0u; other < ${LANES}u; other++) {
    if (left >= numbers[other]) { left -= numbers[other]; continue; }
    rank = counts[other];
    for (var id = other * ${stretch}u; id < min((other + 1u) * ${stretch}u, ${vocab}u); id++) {
      let x = ${t.logits.load('start + id')};
      let w = exp((x - top) / chosen.x);
      let bits = bitcast<u32>(w);
      if (ordered(x) < least || bits < tail) { continue; }
      if (bits == tail) {
        rank++;
        if (rank > kept_equals) { continue; }
      }
      left -= w;
      if (left < 0.0) { picked = id; break; }
    }
    break;
  }
  ${t.y.store('row', 'i32(picked)')}
}`,
      workgroups,
    ),
  ];
};
