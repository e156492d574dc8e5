import { hash32 } from '../../../../base/random.ts';
import type { AttentionAttributes } from '../../../graph/ir.ts';
import type { Kernels, Numbers } from './kernel.ts';
import { input } from './kernel.ts';

/** Where queries, keys and values lie in the packed rows. */
interface Packing {
  readonly heads: number;
  readonly key_heads: number;
  readonly head_size: number;
}

function rowWidth({ heads, key_heads, head_size }: Packing): number {
  return (heads + 2 * key_heads) * head_size;
}

/** First columns of a query head, and of the keys and the values that it uses. */
function columns({ heads, key_heads, head_size }: Packing, head: number) {
  const shared = Math.floor((head * key_heads) / heads);
  return {
    q: head * head_size,
    k: (heads + shared) * head_size,
    v: (heads + key_heads + shared) * head_size,
  };
}

function dot(x: Numbers, a: number, y: Numbers, b: number, size: number): number {
  let sum = 0;
  for (let d = 0; d < size; d++) sum += (x[a + d] as number) * (y[b + d] as number);
  return sum;
}

/** y[b...] += factor * x[a...] */
function accumulate(y: Float64Array, b: number, factor: number, x: Numbers, a: number, size: number): void {
  for (let d = 0; d < size; d++) y[b + d] = (y[b + d] as number) + factor * (x[a + d] as number);
}

/** Turns the first `visible` scores into a softmax; gives their log-sum-exp. */
function softmax(scores: Float64Array, visible: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < visible; j++) top = Math.max(top, scores[j] as number);
  let sum = 0;
  for (let j = 0; j < visible; j++) {
    const weight = Math.exp((scores[j] as number) - top);
    scores[j] = weight;
    sum += weight;
  }
  for (let j = 0; j < visible; j++) scores[j] = (scores[j] as number) / sum;
  return top + Math.log(sum);
}

/** What an attention weight is multiplied by, by its place in [batch, heads, time, time]. */
function dropout({ rate, stream }: AttentionAttributes, seed: Numbers | undefined): (at: number) => number {
  if (rate === 0 || seed === undefined) return () => 1;
  const [value = 0] = seed;
  const threshold = rate * 4294967296;
  const kept = 1 / (1 - rate);
  return (at) => (hash32(value, stream, at) >= threshold ? kept : 0);
}

/** Calls `visit` for each query with its softmax over the keys up to its own position, and their log-sum-exp. */
function eachQuery(
  qkv: Numbers,
  attributes: AttentionAttributes,
  visit: (
    query: { batch: number; head: number; time: number; at: number },
    weights: Float64Array,
    lse: number,
  ) => void,
): void {
  const { batch, time, heads, head_size, scale } = attributes;
  const width = rowWidth(attributes);
  const weights = new Float64Array(time);
  for (let b = 0; b < batch; b++) {
    for (let h = 0; h < heads; h++) {
      const { q, k } = columns(attributes, h);
      for (let i = 0; i < time; i++) {
        const query = (b * time + i) * width + q;
        for (let j = 0; j <= i; j++) {
          weights[j] = dot(qkv, query, qkv, (b * time + j) * width + k, head_size) * scale;
        }
        const lse = softmax(weights, i + 1);
        visit({ batch: b, head: h, time: i, at: (b * heads + h) * time + i }, weights, lse);
      }
    }
  }
}

export const attentionKernels: Kernels<
  'attention' | 'attention_lse' | 'attention_grad' | 'cache_append' | 'cached_attention'
> = {
  attention: ({ node: { attributes }, inputs, out }) => {
    const qkv = input({ inputs }, 0);
    const keep = dropout(attributes, inputs[1]);
    const { time, heads, head_size } = attributes;
    const width = rowWidth(attributes);
    const mixed = new Float64Array(head_size);
    eachQuery(qkv, attributes, ({ batch, head, time: i, at }, weights) => {
      const { v } = columns(attributes, head);
      mixed.fill(0);
      for (let j = 0; j <= i; j++) {
        const weight = (weights[j] as number) * keep(at * time + j);
        accumulate(mixed, 0, weight, qkv, (batch * time + j) * width + v, head_size);
      }
      out.set(mixed, ((batch * time + i) * heads + head) * head_size);
    });
  },
  attention_lse: ({ node: { attributes }, inputs, out }) => {
    eachQuery(input({ inputs }, 0), attributes, ({ at }, _weights, lse) => {
      out[at] = lse;
    });
  },
  /**
   * With p = exp(score - lse), m the dropout factor and dp = m * dout . v: dv += p m dout, and
   * dscore = p (dp - out . dout), since the softmax's own sum of p dp is out . dout (Dao, 2023).
   */
  attention_grad: ({ node: { attributes }, inputs, out }) => {
    const [qkv, y, lse, dy] = [0, 1, 2, 3].map((i) => input({ inputs }, i)) as [
      Numbers,
      Numbers,
      Numbers,
      Numbers,
    ];
    const keep = dropout(attributes, inputs[4]);
    const { batch, time, heads, head_size: size, scale } = attributes;
    const width = rowWidth(attributes);
    const sums = new Float64Array(out.length);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        const { q, k, v } = columns(attributes, h);
        for (let i = 0; i < time; i++) {
          const at = (b * heads + h) * time + i;
          const query = (b * time + i) * width + q;
          const row = ((b * time + i) * heads + h) * size;
          const delta = dot(y, row, dy, row, size);
          for (let j = 0; j <= i; j++) {
            const key = (b * time + j) * width + k;
            const value = (b * time + j) * width + v;
            const p = Math.exp(dot(qkv, query, qkv, key, size) * scale - (lse[at] as number));
            const kept = keep(at * time + j);
            const dscore = scale * p * (kept * dot(dy, row, qkv, value, size) - delta);
            accumulate(sums, value, p * kept, dy, row, size);
            accumulate(sums, query, dscore, qkv, key, size);
            accumulate(sums, key, dscore, qkv, query, size);
          }
        }
      }
    }
    out.set(sums);
  },
  cache_append: ({ node: { attributes, shape }, inputs, out }) => {
    const cache = input({ inputs }, 0);
    const qkv = input({ inputs }, 1);
    const position = input({ inputs }, 2);
    if (out !== cache) out.set(cache);
    const { heads, key_heads, head_size: size, time, part } = attributes;
    const [batch = 0, , capacity = 0] = shape;
    const first = (heads + (part === 'k' ? 0 : key_heads)) * size;
    const width = rowWidth(attributes);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < key_heads; h++) {
        for (let i = 0; i < time; i++) {
          const from = (b * time + i) * width + first + h * size;
          const row = (b * key_heads + h) * capacity + (position[b] as number) + i;
          out.set(qkv.subarray(from, from + size), row * size);
        }
      }
    }
  },
  cached_attention: ({ node: { attributes }, inputs, shapes, out }) => {
    const [qkv, keys, values, position] = [0, 1, 2, 3].map((i) => input({ inputs }, i)) as [
      Numbers,
      Numbers,
      Numbers,
      Numbers,
    ];
    const { heads, key_heads, head_size: size, time, scale } = attributes;
    const [batch = 0, , capacity = 0] = shapes[1] ?? [];
    const width = rowWidth(attributes);
    const weights = new Float64Array(capacity);
    const mixed = new Float64Array(size);
    for (let b = 0; b < batch; b++) {
      for (let h = 0; h < heads; h++) {
        const start = (b * key_heads + Math.floor((h * key_heads) / heads)) * capacity * size;
        for (let i = 0; i < time; i++) {
          const query = (b * time + i) * width + h * size;
          const visible = Math.min(capacity, (position[b] as number) + i + 1);
          for (let j = 0; j < visible; j++) {
            weights[j] = dot(qkv, query, keys, start + j * size, size) * scale;
          }
          softmax(weights, visible);
          mixed.fill(0);
          for (let j = 0; j < visible; j++) {
            accumulate(mixed, 0, weights[j] as number, values, start + j * size, size);
          }
          out.set(mixed, ((b * time + i) * heads + h) * size);
        }
      }
    }
  },
};
