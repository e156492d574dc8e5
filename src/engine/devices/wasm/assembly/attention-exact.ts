import { dot } from './attention-parts';
import { hashKey, keep } from './random';
import { at, float, int } from './words';

/**
 * `attention_grad` of one unit by its definition, element by element: what is used where numbers are not
 * finite, so that no key reaches a query that comes before it.
 */
export function attendExactly(args: usize, unit: i32): void {
  const time = int(args, 3);
  const heads = int(args, 4);
  const keyHeads = int(args, 5);
  const size = int(args, 6);
  const scale = float(args, 7);
  const batch = unit / keyHeads;
  const shared = unit - batch * keyHeads;
  const bytes = <usize>size << 2;
  const stride = <usize>(heads + 2 * keyHeads) * bytes;
  const outStride = <usize>heads * bytes;
  const rows = <usize>(batch * time) * stride;
  const keys = rows + <usize>(heads + shared) * bytes;
  const qkv = at(args, 0);
  const dqkv = at(args, 1);
  const values = keys + <usize>keyHeads * bytes;
  clear(dqkv + keys, stride, time, size);
  clear(dqkv + values, stride, time, size);

  for (let head = 0; head < heads; head++) {
    if ((head * keyHeads) / heads != shared) continue;
    const queries = rows + <usize>head * bytes;
    clear(dqkv + queries, stride, time, size);
    for (let i = 0; i < time; i++) {
      const row = (batch * heads + head) * time + i;
      const query = queries + <usize>i * stride;
      const place = <usize>(batch * time + i) * outStride + <usize>head * bytes;
      const dout = at(args, 14) + place;
      const delta = dot(at(args, 13) + place, dout, size);
      const lse = load<f32>(at(args, 2) + (<usize>row << 2));
      for (let j = 0; j <= i; j++) {
        const key = keys + <usize>j * stride;
        const value = values + <usize>j * stride;
        const p = <f32>Math.exp(<f64>(dot(qkv + query, qkv + key, size) * scale - lse));
        const factor = kept(args, row * time + j);
        const dscore = scale * p * (factor * dot(dout, qkv + value, size) - delta);
        add(dqkv + value, p * factor, dout, size);
        add(dqkv + query, dscore, qkv + key, size);
        add(dqkv + key, dscore, qkv + query, size);
      }
    }
  }
}

/** The dropout factor of an element of [batch, heads, time, time]. */
function kept(args: usize, element: i32): f32 {
  if (at(args, 9) == 0) return 1;
  const key = hashKey(load<u32>(at(args, 9)), <u32>int(args, 10));
  const stays = keep(key, i32x4.splat(element), i32x4.splat(int(args, 11)));
  return i32x4.extract_lane(stays, 0) != 0 ? float(args, 12) : 0;
}

function clear(to: usize, stride: usize, rows: i32, size: i32): void {
  for (; rows > 0; rows--) {
    memory.fill(to, 0, <usize>size << 2);
    to += stride;
  }
}

/** y += factor x */
function add(y: usize, factor: f32, x: usize, size: i32): void {
  for (let d: usize = 0; d < <usize>size << 2; d += 4) {
    store<f32>(y + d, load<f32>(y + d) + factor * load<f32>(x + d));
  }
}
