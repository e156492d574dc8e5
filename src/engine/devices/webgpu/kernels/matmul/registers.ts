import type { KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
import type { BoundTensor, Dispatch, KernelContext } from '../../dispatch.ts';
import { grid } from '../../grid.ts';
import type { Wanted } from '../../wanted.ts';
import { epilogue, finishFour } from './epilogue.ts';
import { type Side, side } from './view.ts';

/** Rows and columns of the product that one thread computes; columns a multiple of 4, rows too where a is transposed. */
export interface RegisterTile {
  readonly rows: number;
  readonly columns: number;
  /**
   * Four neighbouring threads compute the same rows: each loads a quarter of what they need of a and
   * passes it on, which is cheaper than a load where memory is reached lane by lane.
   */
  readonly quads: boolean;
  /** Threads of a workgroup; 64 where left out. */
  readonly group?: number;
}

const LANES = ['x', 'y', 'z', 'w'] as const;
/** Steps along K that are written out; enough that what is kept between them stays in registers. */
const STEPS = 4;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Loads of one step: statements, then where each value is. */
interface Loads {
  /** Each with the rows (or columns) that have all they need after it. */
  readonly parts: readonly { readonly lines: readonly string[]; readonly ready: readonly number[] }[];
  /** The value for row (or column) i, step s. */
  value(i: number, s: number): string;
}

/**
 * A product from registers alone, without shared memory or barriers: for GPUs that are computed by the
 * processor, and for small products anywhere. The order of every sum is fixed by the text, so results repeat.
 */
export function registerMatmul(
  call: KernelCallOf<'matmul'>,
  context: KernelContext,
  tile: RegisterTile,
): readonly Dispatch[] {
  const { m, n, k, batch, sums } = call.attributes;
  const { rows, columns, quads, group = 64 } = tile;
  const ends = epilogue(call, context);
  // Within a quad a is read one element a thread.
  const a = side(call, context, 'a', quads || rows % 4 !== 0 ? 1 : 4);
  // A quad takes its four steps along K in four orders, so that b is read element by element along K.
  const b = side(call, context, 'b', quads && a.along_k && call.attributes.transpose_b ? 1 : 4);
  const wanted: Record<string, Wanted> = { ...ends.wanted, a: a.wanted, b: b.wanted };
  const sum = sums === null ? null : (call.outputs.at(-1) ?? null);
  if (sum !== null) wanted.sum = { tensor: sum, access: 'write', vector: 1 };
  const bound = context.bind('matmul', wanted);
  const { tensors } = bound;
  const A = tensors.a as BoundTensor;
  const B = tensors.b as BoundTensor;

  const down = Math.ceil(m / rows);
  const across = Math.ceil(n / columns);
  const acrossThreads = quads ? 4 * Math.ceil(across / 4) : across;
  const count = batch * down * acrossThreads;
  const { workgroups, index } = grid(context.adapter, Math.ceil(count / group));
  const whole = k - (k % STEPS);

  const starts = [
    ...startText('x', a, A, rows, m, 'row'),
    ...startText('w', b, B, columns, n, 'column'),
    ...(quads && !a.along_k ? quadStarts(a, rows, m) : []),
  ];
  const step = (steps: number): string => {
    const swapped = quads && a.along_k && steps > 1;
    const left = quads ? quadLoads(a, A, rows, steps) : loads('x', a, A, rows, steps);
    const right = loads('w', b, B, columns, steps, swapped ? (s) => `q${s}` : undefined);
    const lines = right.parts.flatMap((part) => part.lines);
    for (const s of range(steps)) {
      for (const j of range(columns / 4)) {
        const four = range(4).map((c) => right.value(4 * j + c, s));
        lines.push(`let r${s}_${j} = ${asVector(four)};`);
      }
    }
    // Row by row, so that little has to be kept; the steps' products first among themselves, so that what
    // is kept in the loop is read and written once.
    for (const part of left.parts) {
      lines.push(...part.lines);
      for (const i of part.ready) {
        for (const j of range(columns / 4)) {
          const products = range(steps).map((s) => `${left.value(i, s)} * r${s}_${j}`);
          lines.push(`acc${i}_${j} += ${products.join(' + ')};`);
        }
      }
    }
    return lines.join('\n    ');
  };
  const loops = [
    whole > 0 ? `for (var p = 0u; p < ${whole}u; p += ${STEPS}u) {\n    ${step(STEPS)}\n  }` : '',
    ...range(k - whole).map((s) => `{ let p = ${whole + s}u;\n    ${step(1)}\n  }`),
  ];
  // A loop rather than a copy of the epilogue for each row: that would be most of the text to compile.
  const fours = range(rows).flatMap((i) => range(columns / 4).map((j) => `acc${i}_${j}`));
  const at = quads && !a.along_k ? 'row + (i & ~3u) + ((i & 3u) ^ q0)' : 'row + i';
  const stores = `var fours = array<vec4<f32>, ${fours.length}>(${fours.join(', ')});
  for (var i = 0u; i < ${rows}u; i++) {
    let at = ${at};
    if (at >= ${m}u) { continue; }
    let r = batch * ${m}u + at;
    for (var j = 0u; j < ${columns / 4}u; j++) {
      let four = fours[i * ${columns / 4}u + j];
      ${finishFour(ends, n, '(column + 4u * j)', 'four')}
    }
  }`;
  const body = `${ends.text(tensors)}
@compute @workgroup_size(${group})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let thread = ${index} * ${group}u + lane;
  ${quads ? `let inside = thread < ${count}u;` : `if (thread >= ${count}u) { return; }`}
  let column = (thread % ${acrossThreads}u) * ${columns}u;
  let row = (thread / ${acrossThreads}u % ${down}u) * ${rows}u;
  let batch = ${batch === 1 ? '0u' : quads ? `min(thread / ${acrossThreads * down}u, ${batch - 1}u)` : `thread / ${acrossThreads * down}u`};
  ${quads ? 'let q0 = lane % 4u; let q1 = q0 ^ 1u; let q2 = q0 ^ 2u; let q3 = q0 ^ 3u;' : ''}
  ${starts.join('\n  ')}
  ${range(rows)
    .flatMap((i) => range(columns / 4).map((j) => `var acc${i}_${j} = vec4<f32>();`))
    .join(' ')}
  ${loops.join('\n  ')}
  ${quads ? `if (!inside || column >= ${n}u) { return; }` : ''}
  ${stores}
  ${sum === null ? '' : sumText(sums as 'a' | 'b', sums === 'a' ? a : b, call, tensors, tile)}
}`;
  return [bound.dispatch(body, workgroups, quads ? ['subgroups'] : [])];
}

function asVector(four: readonly string[]): string {
  const [first = ''] = four;
  const name = first.slice(0, -2);
  if (four.every((value, c) => value === `${name}.${LANES[c]}`)) return name;
  return `vec4<f32>(${four.join(', ')})`;
}

/**
 * Where in memory the rows of a (columns of b) of this thread begin. What lies beyond the last is read as
 * the last, and never stored.
 */
function startText(
  name: string,
  one: Side,
  tensor: BoundTensor,
  count: number,
  outer: number,
  first: string,
) {
  const { vector, along_k, batch_stride } = one;
  const base = batch_stride === 0 ? '' : `batch * ${batch_stride / vector}u + `;
  if (along_k) {
    return range(count).map(
      (i) => `let ${name}_at${i} = ${base}min(${first} + ${i}u, ${outer - 1}u) * ${tensor.row_stride}u;`,
    );
  }
  if (vector === 4) {
    return range(count / 4).map(
      (i) => `let ${name}_at${i} = ${base}min(${first} / 4u + ${i}u, ${outer / 4 - 1}u);`,
    );
  }
  return range(count).map((i) => `let ${name}_at${i} = ${base}min(${first} + ${i}u, ${outer - 1}u);`);
}

/** With a transposed each thread of a quad has its own of every four rows. */
function quadStarts({ batch_stride }: Side, rows: number, m: number): string[] {
  const base = batch_stride === 0 ? '' : `batch * ${batch_stride}u + `;
  return range(rows / 4).map((i) => `let x_quad${i} = ${base}min(row + ${4 * i}u + q0, ${m - 1}u);`);
}

/** `order` is where along K, from p on, a step is; a u32 expression. */
function loads(
  name: string,
  { vector, along_k }: Side,
  tensor: BoundTensor,
  count: number,
  steps: number,
  order: (s: number) => string = (s) => `${s}u`,
): Loads {
  const stride = `${tensor.row_stride}u`;
  if (along_k && vector === 4) {
    return {
      parts: range(count).map((i) => ({
        lines: [`let ${name}${i} = ${tensor.load(`${name}_at${i} + p / 4u`)};`],
        ready: [i],
      })),
      value: (i, s) => `${name}${i}.${LANES[s]}`,
    };
  }
  if (along_k) {
    return {
      parts: range(count).map((i) => ({
        lines: range(steps).map(
          (s) => `let ${name}${i}_${s} = ${tensor.load(`${name}_at${i} + p + ${order(s)}`)};`,
        ),
        ready: [i],
      })),
      value: (i, s) => `${name}${i}_${s}`,
    };
  }
  return {
    parts: range(count / vector).map((i) => ({
      lines: range(steps).map(
        (s) => `let ${name}${i}_${s} = ${tensor.load(`${name}_at${i} + (p + ${order(s)}) * ${stride}`)};`,
      ),
      ready: range(vector).map((c) => vector * i + c),
    })),
    value: (i, s) => (vector === 4 ? `${name}${Math.floor(i / 4)}_${s}.${LANES[i % 4]}` : `${name}${i}_${s}`),
  };
}

/** What a thread gets of the value that thread q ^ s of its quad has: a swap costs less than a broadcast. */
const SWAPS = [
  (value: string) => value,
  (value: string) => `quadSwapX(${value})`,
  (value: string) => `quadSwapY(${value})`,
  (value: string) => `quadSwapDiagonal(${value})`,
] as const;

function swap(value: string, s: number): string {
  return (SWAPS[s] as (value: string) => string)(value);
}

/**
 * a through the quad: one load a thread brings four values. Along K they are the values of four steps, of
 * which thread q takes step q ^ s as its s-th; else of four rows, of which it takes row q ^ s as its s-th.
 */
function quadLoads({ along_k }: Side, tensor: BoundTensor, rows: number, steps: number): Loads {
  if (along_k) {
    const at = steps === 1 ? 'p' : 'p + q0';
    return {
      parts: range(rows).map((i) => ({
        lines: [`let xq${i} = ${tensor.load(`x_at${i} + ${at}`)};`],
        ready: [i],
      })),
      value: (i, s) => (steps === 1 ? `xq${i}` : swap(`xq${i}`, s)),
    };
  }
  return {
    parts: range(rows / 4).map((i) => ({
      lines: range(steps).map(
        (s) => `let xq${i}_${s} = ${tensor.load(`x_quad${i} + (p + ${s}u) * ${tensor.row_stride}u`)};`,
      ),
      ready: range(4).map((c) => 4 * i + c),
    })),
    value: (i, s) => swap(`xq${Math.floor(i / 4)}_${s}`, i % 4),
  };
}

/** Sums over K of op(a)'s rows or op(b)'s columns, by the threads of the first column or row of tiles. */
function sumText(
  which: 'a' | 'b',
  one: Side,
  call: KernelCallOf<'matmul'>,
  tensors: Readonly<Record<string, BoundTensor>>,
  tile: RegisterTile,
): string {
  const { m, n, k } = call.attributes;
  const tensor = tensors[which] as BoundTensor;
  const sum = tensors.sum as BoundTensor;
  const count = which === 'a' ? tile.rows : tile.columns;
  const first = which === 'a' ? 'row' : 'column';
  const name = which === 'a' ? 'x' : 'w';
  const lines = loads(name, one, tensor, count, 1);
  const alongVectors = one.along_k && one.vector === 4;
  const value = (i: number) => (alongVectors ? `dot(${name}${i}, vec4<f32>(1.0))` : lines.value(i, 0));
  return `if (${which === 'a' ? 'column' : 'row'} == 0u) {
    ${range(count)
      .map((i) => `var sum${i} = 0.0;`)
      .join(' ')}
    for (var p = 0u; p < ${k}u; p += ${alongVectors ? 4 : 1}u) {
      ${lines.parts.flatMap((part) => part.lines).join('\n      ')}
      ${range(count)
        .map((i) => `sum${i} += ${value(i)};`)
        .join(' ')}
    }
    ${range(count)
      .map(
        (i) =>
          `if (${first} + ${i}u < ${which === 'a' ? m : n}u) { ${sum.store(`${first} + ${i}u`, `sum${i}`)} }`,
      )
      .join('\n    ')}
  }`;
}
