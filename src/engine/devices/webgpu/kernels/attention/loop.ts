import type { BoundTensor } from '../../dispatch.ts';
import { type AttentionShape, GROUP, loadRow, type Row } from './shape.ts';

/** Rows that every thread of a head goes through: keys and values, or queries and gradients. */
export interface Stream {
  readonly name: string;
  readonly tensor: BoundTensor;
  /** A variable: where row 0 is, in vectors. */
  readonly base: string;
  readonly stride: number;
}

export interface Loop {
  readonly rows: readonly Stream[];
  /** The last row there is; what lies beyond is read as it, and must be masked. */
  readonly last: number;
  /** u32 expressions: from where to where, the same for the workgroup with `tile`, for the quad with `quads`. */
  readonly begin: string;
  readonly end: string;
  /** With `tile`: what else each of the tile's rows needs, by the thread whose `lane` is the row's place. */
  readonly each?: string;
  /** Statements for rows j to j + 3 (`jt` in the tile). */
  readonly block: (row: (name: string, u: number) => Row) => string;
}

/** Shared memory for the rows of a tile. */
export function tileModule({ reach, tile, n, type }: AttentionShape, names: readonly string[]): string {
  if (reach !== 'tile') return '';
  return names.map((name) => `var<workgroup> tile_${name} : array<${type}, ${tile * n}>;`).join('\n');
}

export function loopText(shape: AttentionShape, { rows, last, begin, end, each, block }: Loop): string {
  const { reach, block: step, tile, n } = shape;
  const streams = new Map(rows.map((stream) => [stream.name, stream]));
  const get = (name: string): Stream => {
    const found = streams.get(name);
    if (found === undefined) throw new RangeError(`no rows ${name}`);
    return found;
  };
  if (reach !== 'tile') {
    const row = (name: string, u: number): Row => {
      const { tensor, base, stride } = get(name);
      return loadRow(`${name}${u}_`, tensor, `${base} + min(j + ${u}u, ${last}u) * ${stride}u`, shape);
    };
    return `for (var j = ${begin}; j < ${end}; j += ${step}u) {${block(row)}
  }`;
  }
  const row = (name: string, u: number): Row => ({
    lines: [`let ${name}${u}_at = (jt + ${u}u) * ${n}u;`],
    value: (c) => `tile_${name}[${name}${u}_at + ${c}u]`,
  });
  const copies = rows.map(
    ({ name, tensor, base, stride }) =>
      `tile_${name}[e] = ${tensor.load(`${base} + source * ${stride}u + e % ${n}u`)};`,
  );
  return `for (var start = ${begin}; start < ${end}; start += ${tile}u) {
    workgroupBarrier();
    for (var e = lane; e < ${tile * n}u; e += ${GROUP}u) {
      let source = min(start + e / ${n}u, ${last}u);
      ${copies.join('\n      ')}
    }
    workgroupBarrier();
    ${each ?? ''}
    for (var jt = 0u; jt < ${tile}u; jt += ${step}u) {
    let j = start + jt;
    if (j >= ${end}) { break; }${block(row)}
    }
  }`;
}
