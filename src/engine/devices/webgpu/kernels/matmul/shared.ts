import type { KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../../../graph/sizes.ts';
import type { BoundTensor, Dispatch, KernelContext } from '../../dispatch.ts';
import { grid } from '../../grid.ts';
import { read, type Wanted, write } from '../../wanted.ts';
import { epilogue, finishFour } from './epilogue.ts';
import { type Side, side } from './view.ts';

/** How a workgroup shares the work on its tile of the product. */
export interface SharedTile {
  /** Threads down and across. */
  readonly threads: readonly [down: number, across: number];
  /** Rows and columns of the product that one thread computes; four columns, which it stores together. */
  readonly block: readonly [rows: number, columns: 4];
  /** Steps along K that lie in shared memory at a time. */
  readonly depth: number;
  /** Whether shared memory holds f16, which must have passed the gate; sums are f32 all the same. See `tilesHalves`. */
  readonly half?: boolean;
  /** Parts of K that are summed by workgroups of their own, then added in order; 1 does it all in one. */
  readonly splits: number;
}

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Parts of K for which the call's scratch has room, at most `wish`. */
export function splitsFor(call: KernelCallOf<'matmul'>, context: KernelContext, wish: number): number {
  const { batch, m, n, k, sums } = call.attributes;
  if (call.scratch === null || wish <= 1) return 1;
  const each = batch * m * n + (sums === null ? 0 : sums === 'a' ? m : n);
  const room = Math.floor(sizeOf(context.tensor(call.scratch).shape) / each);
  return Math.max(1, Math.min(wish, room, Math.floor(k / 256)));
}

/**
 * A product through shared memory: a workgroup copies a strip of a and of b, in vectors where memory
 * allows, then each thread adds a block of results from registers (one buffer of shared memory: two were
 * slower elsewhere). Each thread adds along K in order, so results repeat.
 */
export function sharedMatmul(
  call: KernelCallOf<'matmul'>,
  context: KernelContext,
  tile: SharedTile,
): readonly Dispatch[] {
  const { m, n, k, batch, sums } = call.attributes;
  const { splits } = tile;
  const [down, across] = tile.threads;
  const [rows, columns] = tile.block;
  const ends = splits === 1 ? epilogue(call, context) : null;
  const a = side(call, context, 'a');
  const b = side(call, context, 'b');
  const sum = sums === null ? null : (call.outputs.at(-1) ?? null);
  const wanted: Record<string, Wanted> = { a: a.wanted, b: b.wanted, ...ends?.wanted };
  if (splits > 1) wanted.parts = write(call.scratch as number);
  else if (sum !== null) wanted.sum = write(sum);
  const bound = context.bind('matmul', wanted);
  const { tensors } = bound;
  const height = down * rows;
  const width = across * columns;
  const size = down * across;
  const tilesDown = Math.ceil(m / height);
  const tilesAcross = Math.ceil(n / width);
  const count = splits * batch * tilesDown * tilesAcross;
  const { workgroups, index } = grid(context.adapter, count);
  // Whole strips for each split, so that only the last one has an end to watch.
  const span = Math.ceil(k / splits / tile.depth) * tile.depth;
  const results = batch * m * n;
  const sumLength = sums === 'a' ? m : n;

  const finish = (i: number): string => {
    const four = range(columns).map((j) => `acc${i}_${j}`);
    if (ends !== null) {
      return `let four = vec4<f32>(${four.join(', ')}); ${finishFour(ends, n, 'column', 'four')}`;
    }
    return range(columns)
      .map((j) => {
        const at = `split * ${results}u + r * ${n}u + column + ${j}u`;
        return `if (column + ${j}u < ${n}u) { ${tensors.parts?.store(at, four[j] as string)} }`;
      })
      .join(' ');
  };
  const storeSum = (i: string, value: string) =>
    splits === 1
      ? `${tensors.sum?.store(i, value)}`
      : `${tensors.parts?.store(`${splits * results}u + split * ${sumLength}u + ${i}`, value)}`;
  const summed = sum === null ? null : sums;
  const sumCount = summed === 'a' ? rows : columns;
  const sumNames = summed === null ? [] : range(sumCount).map((i) => `sum${i}`);
  const inSum = summed === 'a' ? 'tile_column == 0u' : 'tile_row == 0u';

  const half = tile.half === true;
  const T = half ? 'f16' : 'f32';
  const shared = (at: string) => (half ? `f32(${at})` : at);
  const body = `${ends?.text(tensors) ?? ''}
var<workgroup> xs : array<${T}, ${tile.depth * (height + 1)}>;
var<workgroup> ws : array<${T}, ${tile.depth * (width + 1)}>;
@compute @workgroup_size(${size})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let group = min(${index}, ${count - 1}u);
  let tile_column = group % ${tilesAcross}u;
  let tile_row = group / ${tilesAcross}u % ${tilesDown}u;
  let batch = group / ${tilesAcross * tilesDown}u % ${batch}u;
  let split = group / ${tilesAcross * tilesDown * batch}u;
  let down = lane / ${across}u * ${rows}u;
  let across = lane % ${across}u;
  // Its columns lie side by side in the product, and a workgroup's width apart in shared memory.
  let row0 = tile_row * ${height}u;
  let column0 = tile_column * ${width}u;
  let begin = split * ${span}u;
  let end = min(begin + ${span}u, ${k}u);
  ${range(rows)
    .map((i) =>
      range(columns)
        .map((j) => `var acc${i}_${j} = 0.0;`)
        .join(' '),
    )
    .join('\n  ')}
  ${sumNames.map((name) => `var ${name} = 0.0;`).join(' ')}
  for (var p = begin; p < end; p += ${tile.depth}u) {
    ${copyText('xs', a, tensors.a as BoundTensor, { outer: m, first: 'row0', extent: height, depth: tile.depth, size, k, half, apart: 1 })}
    ${copyText('ws', b, tensors.b as BoundTensor, { outer: n, first: 'column0', extent: width, depth: tile.depth, size, k, half, apart: across })}
    workgroupBarrier();
    for (var s = 0u; s < ${tile.depth}u; s++) {
      let xi = s * ${height + 1}u + down;
      let wi = s * ${width + 1}u + across;
      ${range(rows)
        .map((i) => `let x${i} = ${shared(`xs[xi + ${i}u]`)};`)
        .join(' ')}
      ${range(columns)
        .map((j) => `let w${j} = ${shared(`ws[wi + ${j * across}u]`)};`)
        .join(' ')}
      ${range(rows)
        .map((i) =>
          range(columns)
            .map((j) => `acc${i}_${j} = fma(x${i}, w${j}, acc${i}_${j});`)
            .join(' '),
        )
        .join('\n      ')}
      ${summed === null ? '' : `if (${inSum}) { ${sumNames.map((name, i) => `${name} += ${summed === 'a' ? 'x' : 'w'}${i};`).join(' ')} }`}
    }
    workgroupBarrier();
  }
  if (${index} >= ${count}u) { return; }
  let row = row0 + down;
  let column = column0 + across * ${columns}u;
  ${range(rows)
    .map((i) => `if (row + ${i}u < ${m}u) { let r = batch * ${m}u + row + ${i}u; ${finish(i)} }`)
    .join('\n  ')}
  ${
    summed === null
      ? ''
      : `if (${inSum} && ${summed === 'a' ? 'across == 0u' : 'down == 0u'}) {
    ${sumNames
      .map((name, i) => {
        const at = summed === 'a' ? `row + ${i}u` : `column + ${i}u`;
        return `if (${at} < ${sumLength}u) { ${storeSum(at, name)} }`;
      })
      .join('\n    ')}
  }`
  }
}`;
  const first = bound.dispatch(body, workgroups, half ? ['f16'] : []);
  return splits === 1 ? [first] : [first, addParts(call, context, splits)];
}

interface Copy {
  readonly outer: number;
  readonly first: string;
  /** Rows of a or columns of b in the tile. */
  readonly extent: number;
  readonly depth: number;
  /** Threads of the workgroup. */
  readonly size: number;
  readonly k: number;
  readonly half: boolean;
  /** Neighbours lie so far apart: each of the fours of a thread in a quarter of its own. */
  readonly apart: number;
}

/**
 * Fills one strip: rows of one more than the extent, so that neither filling nor reading meets the same
 * bank twice. Beyond the last row the last is read, which is never stored; beyond K there are zeros.
 */
function copyText(
  to: string,
  one: Side,
  tensor: BoundTensor,
  { outer, first, extent, depth, size, k, half, apart }: Copy,
) {
  const { vector, along_k, batch_stride } = one;
  const base = batch_stride === 0 ? '' : `batch * ${batch_stride / vector}u + `;
  const pitch = extent + 1;
  const total = (extent * depth) / vector;
  const zero = half ? 'vec4<f16>()' : `${tensor.type}()`;
  // As bits: a conversion need not keep infinity.
  const words = (at: string) => tensor.words?.(at) ?? `pack_halves(${tensor.load(at)})`;
  const load = (at: string) => (half ? `bitcast<vec4<f16>>(${words(at)})` : tensor.load(at));
  const place_of_one = apart === 1 ? 'o' : `o / 4u + o % 4u * ${apart}u`;
  const loop = (body: string) => `for (var e = lane; e < ${total}u; e += ${size}u) { ${body} }`;
  if (along_k) {
    const across = depth / vector;
    const place = `min(${first} + o, ${outer - 1}u) * ${tensor.row_stride}u`;
    const from = vector === 4 ? `min(p / 4u + s, ${k / 4 - 1}u)` : `min(p + s, ${k - 1}u)`;
    const inside = vector === 4 ? `p + 4u * s < end` : `p + s < end`;
    const stores =
      vector === 4
        ? range(4)
            .map((c) => `${to}[(4u * s + ${c}u) * ${pitch}u + ${place_of_one}] = v[${c}];`)
            .join(' ')
        : `${to}[s * ${pitch}u + ${place_of_one}] = v;`;
    return loop(`
      let s = e % ${across}u; let o = e / ${across}u;
      let v = select(${zero}, ${load(`${base}${place} + ${from}`)}, ${inside});
      ${stores}
    `);
  }
  const across = extent / vector;
  const place =
    vector === 4 ? `min(${first} / 4u + o, ${outer / 4 - 1}u)` : `min(${first} + o, ${outer - 1}u)`;
  const stores =
    vector === 4
      ? range(4)
          .map(
            (c) =>
              `${to}[s * ${pitch}u + ${apart === 1 ? `4u * o + ${c}u` : `o + ${c * apart}u`}] = v[${c}];`,
          )
          .join(' ')
      : `${to}[s * ${pitch}u + ${place_of_one}] = v;`;
  return loop(`
      let o = e % ${across}u; let s = e / ${across}u;
      let v = select(${zero}, ${load(`${base}min(p + s, ${k - 1}u) * ${tensor.row_stride}u + ${place}`)}, p + s < end);
      ${stores}
    `);
}

const LANES = 64;

/** Adds the parts in order, then does what is to be done with the product. */
function addParts(call: KernelCallOf<'matmul'>, context: KernelContext, splits: number): Dispatch {
  const { batch, m, n, sums } = call.attributes;
  const ends = epilogue(call, context);
  const { vector } = ends;
  const sum = sums === null ? null : (call.outputs.at(-1) ?? null);
  const size = batch * m * n;
  const [results, columns] = [size / vector, n / vector];
  const sumLength = sum === null ? 0 : sums === 'a' ? m : n;
  const wanted: Record<string, Wanted> = { parts: read(call.scratch as number, vector), ...ends.wanted };
  if (sum !== null) {
    wanted.sum = write(sum);
    wanted.sums = read(call.scratch as number);
  }
  const { tensors, dispatch } = context.bind('matmul', wanted);
  const { workgroups, index } = grid(context.adapter, Math.ceil((results + sumLength) / LANES));
  const add = (from: BoundTensor | undefined, first: string, stride: number) => `
    var total = ${from?.type}();
    for (var s = 0u; s < ${splits}u; s++) { total += ${from?.load(`${first} + s * ${stride}u`)}; }`;
  return dispatch(
    `${ends.text(tensors)}
@compute @workgroup_size(${LANES})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let i = ${index} * ${LANES}u + lane;
  if (i < ${results}u) {${add(tensors.parts, 'i', results)}
    finish(i / ${columns}u, i % ${columns}u * ${vector}u, total);
  }${
    sum === null
      ? ''
      : ` else if (i < ${results + sumLength}u) {
    let at = i - ${results}u;${add(tensors.sums, `${splits * size}u + at`, sumLength)}
    ${tensors.sum?.store('at', 'total')}
  }`
  }
}`,
    workgroups,
  );
}
