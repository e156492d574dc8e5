import type { KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
import type { BoundTensor, Dispatch, KernelContext } from '../../dispatch.ts';
import { grid } from '../../grid.ts';
import type { Wanted } from '../../wanted.ts';
import { epilogue, finishFour } from './epilogue.ts';
import { side } from './view.ts';

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** Rows of a that one workgroup takes along while it reads b once. */
export const NARROW = 8;
const THREADS = 128;

/**
 * A product of few rows, as decoding makes them: all that counts is to read b once and evenly. Threads of
 * a workgroup share the way along K and add what they found through shared memory, in a fixed order.
 * Neighbouring threads read neighbouring memory: along K where b is transposed, else along N. Without sums.
 */
export function narrowMatmul(call: KernelCallOf<'matmul'>, context: KernelContext): readonly Dispatch[] {
  const { m, n, k, batch } = call.attributes;
  const ends = epilogue(call, context);
  const a = side(call, context, 'a', 1);
  const b = side(call, context, 'b');
  const wanted: Record<string, Wanted> = { ...ends.wanted, a: a.wanted, b: b.wanted };
  const { tensors, dispatch } = context.bind('matmul', wanted);
  const A = tensors.a as BoundTensor;
  const B = tensors.b as BoundTensor;
  const rows = Math.min(m, NARROW);
  const down = Math.ceil(m / rows);
  // Fours of columns of a workgroup, and threads that share each of them.
  const units = b.along_k ? 2 : 16;
  const slices = THREADS / units;
  const across = Math.ceil(n / (4 * units));
  const { workgroups, index } = grid(context.adapter, batch * down * across);
  const count = batch * down * across;
  const step = b.along_k ? b.vector : 1;
  const aBase = a.batch_stride === 0 ? '' : `batch * ${a.batch_stride}u + `;
  const bBase = b.batch_stride === 0 ? '' : `batch * ${b.batch_stride / b.vector}u + `;
  const left = (i: number, p: string) =>
    a.along_k
      ? A.load(`${aBase}min(row + ${i}u, ${m - 1}u) * ${A.row_stride}u + ${p}`)
      : A.load(`${aBase}(${p}) * ${A.row_stride}u + min(row + ${i}u, ${m - 1}u)`);
  const columns = range(4).map((c) => `min(column + ${c}u, ${n - 1}u)`);
  let loads: string;
  if (b.along_k) {
    loads = columns
      .map((c, j) => `let w${j} = ${B.load(`${bBase}${c} * ${B.row_stride}u + p`)};`)
      .join('\n    ');
  } else if (b.vector === 4) {
    loads = `let w = ${B.load(`${bBase}p * ${B.row_stride}u + min(column / 4u, ${n / 4 - 1}u)`)};`;
  } else {
    loads = `let w = vec4<f32>(${columns.map((c) => B.load(`${bBase}p * ${B.row_stride}u + ${c}`)).join(', ')});`;
  }
  const add = (i: number): string => {
    if (!b.along_k) return `acc${i} += ${left(i, 'p')} * w;`;
    if (step === 1) return `acc${i} += ${left(i, 'p')} * vec4<f32>(w0, w1, w2, w3);`;
    const x = `vec4<f32>(${range(4)
      .map((s) => left(i, `(4u * p + ${s}u)`))
      .join(', ')})`;
    return `{ let x = ${x}; acc${i} += vec4<f32>(dot(x, w0), dot(x, w1), dot(x, w2), dot(x, w3)); }`;
  };
  const body = `${ends.text(tensors)}
var<workgroup> part : array<vec4<f32>, ${THREADS}>;
@compute @workgroup_size(${THREADS})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let group = min(${index}, ${count - 1}u);
  let unit = ${b.along_k ? `lane / ${slices}u` : `lane % ${units}u`};
  let slice = ${b.along_k ? `lane % ${slices}u` : `lane / ${units}u`};
  let column = (group % ${across}u * ${units}u + unit) * 4u;
  let row = group / ${across}u % ${down}u * ${rows}u;
  let batch = group / ${across * down}u;
  ${range(rows)
    .map((i) => `var acc${i} = vec4<f32>();`)
    .join(' ')}
  for (var p = slice; p < ${k / step}u; p += ${slices}u) {
    ${loads}
    ${range(rows).map(add).join('\n    ')}
  }
  ${range(rows)
    .map(
      (i) => `part[slice * ${units}u + unit] = acc${i};
  workgroupBarrier();
  for (var half = ${slices / 2}u; half > 0u; half = half >> 1u) {
    if (slice < half) { part[slice * ${units}u + unit] += part[(slice + half) * ${units}u + unit]; }
    workgroupBarrier();
  }
  if (slice == 0u && ${index} < ${count}u && row + ${i}u < ${m}u) {
    let r = batch * ${m}u + row + ${i}u;
    let four = part[unit];
    ${finishFour(ends, n, 'column', 'four')}
  }
  workgroupBarrier();`,
    )
    .join('\n  ')}
}`;
  return [dispatch(body, workgroups)];
}
