import { powerNegative } from './activations';
import { attendExactly } from './attention-exact';
import {
  anyNaN, dot, packEightColumns, packEightRows, packTransposed, unpackEight, visible,
} from './attention-parts';
import { micro48, micro68, microAll } from './gemm-micro';
import { packFourRows, packSixRows } from './gemm-pack';
import { four, LOG2_E } from './math';
import { hashKey, keep } from './random';
import { scratch } from './scratch';
import { at, float, int } from './words';

/**
 * The gradient of attention with respect to its packed rows. A unit is one key head of one sequence with all
 * its query heads, so it alone writes its columns. Blocks of queries go over all keys up to them, eight keys
 * at a time: weights p = exp(score - lse) are computed anew as [query][8], and so is
 * dscore = p (m dout . v - delta) with delta = dout . out and the dropout factor m; both are the right side
 * of products that add up dv and dk as [head size][8]. dq = dscore k takes dscore turned round.
 *
 * Words: as those of `attention` up to 12, with dqkv for out and lse as an input, then 13 out, 14 dout,
 * 15 how many queries, of 6, are looked at together: as many rows a product's left side has with each panel
 * of keys.
 */
export function attention_grad(args: usize, unit: i32, thread: i32): void {
  const time = int(args, 3);
  const heads = int(args, 4);
  const keyHeads = int(args, 5);
  const size = int(args, 6);
  const batch = unit / keyHeads;
  const shared = unit - batch * keyHeads;
  const block = int(args, 15);
  const bytes = <usize>size << 2;
  const stride = <usize>(heads + 2 * keyHeads) * bytes;
  const outStride = <usize>heads * bytes;
  const rows = <usize>(batch * time) * stride;
  const k = at(args, 0) + rows + <usize>(heads + shared) * bytes;
  const v = k + <usize>keyHeads * bytes;
  const dk = at(args, 1) + rows + <usize>(heads + shared) * bytes;
  const dv = dk + <usize>keyHeads * bytes;

  // In eights: keys and values [head size][8] and keys [time][8]; what adds up dk and dv, [head size][8].
  const eights = <usize>((time + 7) & ~7);
  const panel = bytes * 8;
  const tall = <usize>((size + 5) / 6) * 192;
  const keyPanels = scratch(thread);
  const valuePanels = keyPanels + eights * bytes;
  const keyRows = valuePanels + eights * bytes;
  const dkPanels = keyRows + <usize>((size + 7) >> 3) * (<usize>time << 5);
  const dvPanels = dkPanels + (eights >> 3) * tall;
  // Of a block of queries, in sixes: q and dout as rows and as columns, dscore turned round; two tiles; delta.
  const square = <usize>block * bytes;
  const wide = <usize>block * (<usize>((size + 5) / 6) * 24);
  const queryRows = dvPanels + (eights >> 3) * tall;
  const queryColumns = queryRows + square;
  const doutRows = queryColumns + wide;
  const doutColumns = doutRows + square;
  const turned = doutColumns + wide;
  const weights = turned + <usize>block * eights * 4;
  const dscores = weights + <usize>block * 32;
  const deltas = dscores + <usize>block * 32;
  const edge = deltas + <usize>block * 4;

  for (let j = 0; j < time; j += 8) {
    const to = <usize>(j >> 3) * panel;
    packEightRows(k + <usize>j * stride, stride, min(8, time - j), size, keyPanels + to);
    packEightRows(v + <usize>j * stride, stride, min(8, time - j), size, valuePanels + to);
  }
  for (let d = 0; d < size; d += 8) {
    packEightColumns(k + (<usize>d << 2), stride, min(8, size - d), time, keyRows + <usize>d * (<usize>time << 2));
  }
  memory.fill(dkPanels, 0, (eights >> 3) * tall * 2);

  for (let head = 0; head < heads; head++) {
    if ((head * keyHeads) / heads != shared) continue;
    const q = at(args, 0) + rows + <usize>head * bytes;
    const dq = at(args, 1) + rows + <usize>head * bytes;
    const outs = <usize>(batch * time) * outStride + <usize>head * bytes;
    const out = at(args, 13) + outs;
    const dout = at(args, 14) + outs;
    const row = batch * heads + head;

    for (let first = 0; first < time; first += block) {
      const count = min(block, time - first);
      packBlock(q + <usize>first * stride, stride, count, size, queryRows, queryColumns);
      packBlock(dout + <usize>first * outStride, outStride, count, size, doutRows, doutColumns);
      for (let i = 0; i < count; i++) {
        const place = <usize>(first + i) * outStride;
        store<f32>(deltas + (<usize>i << 2), dot(out + place, dout + place, size));
      }
      for (let j = 0; j < first + count; j += 8) {
        // Six queries are left out when none of them sees key j.
        const begin = j > first ? ((j - first) / 6) * 6 : 0;
        const keys = <usize>(j >> 3);
        for (let i = begin; i < count; i += 6) {
          const to = <usize>i << 5;
          if (count - i > 4) {
            micro68(queryRows + <usize>i * bytes, keyPanels + keys * panel, size, weights + to, 32, false);
            micro68(doutRows + <usize>i * bytes, valuePanels + keys * panel, size, dscores + to, 32, false);
          } else {
            micro48(queryRows + <usize>i * bytes, keyPanels + keys * panel, size, weights + to, 32, false);
            micro48(doutRows + <usize>i * bytes, valuePanels + keys * panel, size, dscores + to, 32, false);
          }
        }
        differentiate(args, row, first, begin, count, j, weights, dscores, deltas);
        const seen = <usize>begin << 5;
        microAll(doutColumns, size, count, begin, weights + seen, count - begin, dvPanels + keys * tall, true);
        microAll(queryColumns, size, count, begin, dscores + seen, count - begin, dkPanels + keys * tall, true);
        for (let i = begin; i < count; i += 6) {
          const to = turned + <usize>i * (eights << 2);
          const rows = count - i;
          if (rows > 4) packSixRows(dscores + (<usize>i << 5), 32, min(6, rows), 8, to + <usize>j * 24);
          else packFourRows(dscores + (<usize>i << 5), 32, rows, 8, to + (<usize>j << 4));
        }
      }
      for (let i = 0; i < count; i += 6) {
        const seen = min(time, (first + i + 13) & ~7);
        const to = dq + <usize>(first + i) * stride;
        finish(turned + <usize>i * (eights << 2), keyRows, time, seen, min(6, count - i), size, to, stride, edge);
      }
    }
  }

  const one = f32x4.splat(1);
  for (let j = 0; j < time; j += 8) {
    const from = <usize>(j >> 3) * tall;
    unpackEight(dkPanels + from, size, one, one, min(8, time - j), dk + <usize>j * stride, stride);
    unpackEight(dvPanels + from, size, one, one, min(8, time - j), dv + <usize>j * stride, stride);
  }
  let bad = anyNaN(dk, stride, time, size) || anyNaN(dv, stride, time, size);
  for (let head = 0; head < heads; head++) {
    if ((head * keyHeads) / heads != shared) continue;
    bad = bad || anyNaN(at(args, 1) + rows + <usize>head * bytes, stride, time, size);
  }
  // Where something is not finite, weights of 0 do not hide what must not be seen.
  if (bad) attendExactly(args, unit);
}

/** `count` rows in sixes, and up to four at the end in fours: as [head size][6], and as columns [count][6]. */
function packBlock(from: usize, stride: usize, count: i32, size: i32, rows: usize, columns: usize): void {
  for (let i = 0; i < count; i += 6) {
    const to = rows + <usize>i * (<usize>size << 2);
    const left = count - i;
    if (left > 4) packSixRows(from + <usize>i * stride, stride, min(6, left), size, to);
    else packFourRows(from + <usize>i * stride, stride, left, size, to);
  }
  packTransposed(from, stride, size, count, columns);
}

/**
 * Of queries begin to count - 1 of a block with eight keys from `j` on: scores become weights with the
 * dropout factor, and dout . v becomes dscore, in place. 0 where the key is hidden from the query.
 */
function differentiate(
  args: usize, row: i32, first: i32, begin: i32, count: i32, j: i32, weights: usize, dscores: usize,
  deltas: usize,
): void {
  const time = int(args, 3);
  const scale = f32x4.splat(float(args, 7));
  const lse = at(args, 2) + (<usize>(row * time + first) << 2);
  const drops = at(args, 9) != 0;
  const key = drops ? hashKey(load<u32>(at(args, 9)), <u32>int(args, 10)) : 0;
  const threshold = i32x4.splat(int(args, 11));
  const kept = f32x4.splat(float(args, 12));
  for (let i = begin; i < count; i++) {
    const place = <usize>i << 5;
    const norm = v128.load32_splat(lse + (<usize>i << 2));
    const delta = v128.load32_splat(deltas + (<usize>i << 2));
    const x0 = f32x4.sub(f32x4.mul(v128.load(weights + place), scale), norm);
    const x1 = f32x4.sub(f32x4.mul(v128.load(weights + place, 16), scale), norm);
    const p0 = powerNegative(f32x4.mul(x0, four(LOG2_E)));
    const p1 = powerNegative(f32x4.mul(x1, four(LOG2_E)));
    let d0 = v128.load(dscores + place);
    let d1 = v128.load(dscores + place, 16);
    let m0 = p0;
    let m1 = p1;
    if (drops) {
      const element = i32x4.add(i32x4.splat((row * time + first + i) * time + j), i32x4(0, 1, 2, 3));
      const keep0 = keep(key, element, threshold);
      const keep1 = keep(key, i32x4.add(element, i32x4.splat(4)), threshold);
      m0 = v128.and(f32x4.mul(p0, kept), keep0);
      m1 = v128.and(f32x4.mul(p1, kept), keep1);
      d0 = v128.and(f32x4.mul(d0, kept), keep0);
      d1 = v128.and(f32x4.mul(d1, kept), keep1);
    }
    d0 = f32x4.mul(f32x4.mul(p0, scale), f32x4.sub(d0, delta));
    d1 = f32x4.mul(f32x4.mul(p1, scale), f32x4.sub(d1, delta));
    const distance = first + i - j;
    if (distance < 7) {
      const see0 = visible(distance);
      const see1 = visible(distance - 4);
      m0 = v128.and(m0, see0);
      m1 = v128.and(m1, see1);
      d0 = v128.and(d0, see0);
      d1 = v128.and(d1, see1);
    }
    v128.store(weights + place, m0);
    v128.store(weights + place, m1, 16);
    v128.store(dscores + place, d0);
    v128.store(dscores + place, d1, 16);
  }
}

/** Up to six rows of dq = dscore k, over the keys that they have seen. */
function finish(
  dscores: usize, keyRows: usize, time: i32, seen: i32, rows: i32, size: i32, to: usize, stride: usize,
  edge: usize,
): void {
  for (let d = 0; d < size; d += 8) {
    const right = keyRows + <usize>d * (<usize>time << 2);
    const whole = (rows == 6 || rows == 4) && size - d >= 8;
    const into = whole ? to + (<usize>d << 2) : edge;
    const pitch: usize = whole ? stride : 32;
    if (rows > 4) micro68(dscores, right, seen, into, pitch, false);
    else micro48(dscores, right, seen, into, pitch, false);
    if (whole) continue;
    for (let i = 0; i < rows; i++) {
      const row = to + <usize>i * stride + (<usize>d << 2);
      memory.copy(row, edge + (<usize>i << 5), <usize>min(8, size - d) << 2);
    }
  }
}
