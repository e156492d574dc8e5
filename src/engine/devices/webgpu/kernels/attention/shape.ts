import type { AttentionKernel } from '../../../../graph/lower/kernel-plan.ts';
import type { AdapterFacts } from '../../adapter-facts.ts';
import type { BoundTensor } from '../../dispatch.ts';
import { f32 } from '../literal.ts';
import { dropoutThreshold, HASH } from '../math.ts';

/**
 * How the rows that many threads want reach them. `tile`: a workgroup's threads, each with a query (or a
 * key) of one head, copy rows to shared memory together. Without shared memory, for GPUs that are computed
 * by the processor: `quads`, in which each of four neighbours loads a quarter of a row and passes it on,
 * or `direct`, in which each loads all.
 */
export type Reach = 'tile' | 'quads' | 'direct';

/** Threads of a workgroup: queries or keys of one head with `tile`, any otherwise. */
export const GROUP = 64;

export interface AttentionShape {
  readonly vector: 1 | 4;
  /** Vectors of a head's row. */
  readonly n: number;
  /** Vectors of a row of qkv, and of a row of the result. */
  readonly width: number;
  readonly out_width: number;
  readonly reach: Reach;
  /** Rows that are worked on at a time: fewer where heads are large, as texts would be too. */
  readonly block: number;
  /** Rows of a tile. */
  readonly tile: number;
  /** Times of a head with those that only fill a quad or a workgroup. */
  readonly padded: number;
  readonly type: string;
}

export function attentionShape(attributes: AttentionKernel, adapter: AdapterFacts): AttentionShape {
  const { heads, key_heads, head_size, time } = attributes;
  const vector = head_size % 4 === 0 ? 4 : 1;
  const n = head_size / vector;
  const reach = !adapter.software ? 'tile' : adapter.subgroups && n % 4 === 0 ? 'quads' : 'direct';
  const unit = reach === 'tile' ? GROUP : reach === 'quads' ? 4 : 1;
  // Two rows of each place in the tile, a third for sums.
  const most = Math.floor(Math.min(adapter.workgroup_storage, 16384) / 4 / (2 * head_size + 2));
  const block = n <= 16 ? 4 : n <= 32 ? 2 : 1;
  const tile = Math.max(block, Math.min(32, Math.floor(most / block) * block));
  return {
    vector,
    n,
    width: (heads + 2 * key_heads) * n,
    out_width: heads * n,
    reach,
    block,
    tile,
    padded: Math.ceil(time / unit) * unit,
    type: vector === 4 ? 'vec4<f32>' : 'f32',
  };
}

export const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

export interface Row {
  readonly lines: readonly string[];
  readonly value: (c: number) => string;
}

/** A row of a tensor from `at` on, which with quads is the same in all four threads. */
export function loadRow(name: string, tensor: BoundTensor, at: string, { n, reach }: AttentionShape): Row {
  if (reach === 'quads') {
    return {
      lines: range(n / 4).map((g) => `let ${name}q${g} = ${tensor.load(`${at} + ${4 * g}u + quad`)};`),
      value: (c) => `quadBroadcast(${name}q${Math.floor(c / 4)}, ${c % 4}u)`,
    };
  }
  return {
    lines: range(n).map((c) => `let ${name}${c} = ${tensor.load(`${at} + ${c}u`)};`),
    value: (c) => `${name}${c}`,
  };
}

/** The product of two rows. */
export function dotText(
  n: number,
  vector: 1 | 4,
  a: (c: number) => string,
  b: (c: number) => string,
): string {
  return range(n)
    .map((c) => (vector === 4 ? `dot(${a(c)}, ${b(c)})` : `${a(c)} * ${b(c)}`))
    .join(' + ');
}

/** Dropout of attention weights: `factor` of an element's place in [batch, heads, time, time]. */
export function dropoutText({ rate, stream }: AttentionKernel, seed: BoundTensor | undefined) {
  if (rate === 0 || seed === undefined) return { module: '', factor: null };
  const threshold = dropoutThreshold(rate);
  const value =
    threshold >= 2 ** 32
      ? '0.0'
      : `select(0.0, ${f32(1 / (1 - rate))}, hash3(${seed.load('0u')}, ${stream >>> 0}u, e) >= ${threshold}u)`;
  return {
    module: `${HASH}\nfn kept(e : u32) -> f32 { return ${value}; }`,
    factor: (element: string) => `kept(${element})`,
  };
}

/** Which head, batch and time a thread is for; times past the last are read as the last, and not `live`. */
export function threadText(
  attributes: AttentionKernel,
  { padded, reach }: AttentionShape,
  heads: number,
): string {
  const { time } = attributes;
  // A workgroup with a tile is for one head: its number, unlike a thread's, is the same for all to see.
  const unit = reach === 'tile' ? 'first' : 'i';
  return `
  let head = ${unit} / ${padded}u % ${heads}u;
  let b = min(${unit} / ${padded * heads}u, ${attributes.batch - 1}u);
  let live = i < ${attributes.batch * heads * padded}u && i % ${padded}u < ${time}u;
  let t = min(i % ${padded}u, ${time - 1}u);`;
}

export const LEAST = '-3.0e38';

/** One past the last key that any query of the workgroup, the quad or the thread sees. */
export function lastText({ reach }: AttentionShape, time: number, padded: number): string {
  if (reach === 'direct') return 't + 1u';
  const unit = reach === 'tile' ? GROUP : 4;
  const from = reach === 'tile' ? 'first' : '(i - quad)';
  return `min(${from} % ${padded}u + ${unit}u, ${time}u)`;
}
