import type { KernelCallOf } from '../../../../graph/lower/kernel-plan.ts';
import type { Dispatch, KernelContext } from '../../dispatch.ts';
import { grid } from '../../grid.ts';
import { read, type Wanted, write } from '../../wanted.ts';
import { f32 } from '../literal.ts';
import { rowKernel } from '../rows.ts';
import { vectorFor } from '../threads.ts';
import { momentsText, product, total } from './moments.ts';

type Call = KernelCallOf<'layer_norm_grad'> | KernelCallOf<'rms_norm_grad'>;

/**
 * With n = (x - mean) * inverse and h = dy * weight: dx = inverse * (h - mean(h) - n * mean(h n)), without
 * the middle term where nothing is centred; dweight is the sum of dy n over rows, dbias that of dy. Row by
 * row first, which leaves mean and inverse in scratch; then column by column, each summed by its owner.
 */
export function normGrad(call: Call, context: KernelContext, centred: boolean): readonly Dispatch[] {
  const first = rowGrads(call, context, centred);
  const sums = call.outputs.slice(1).some((id) => id !== null);
  return sums ? [first, columnGrads(call, context, centred)] : [first];
}

function rowGrads(call: Call, context: KernelContext, centred: boolean): Dispatch {
  const { rows, width, residual } = call.attributes;
  const vector = vectorFor(width);
  const sums = call.outputs.slice(1).some((id) => id !== null);
  const wanted: Record<string, Wanted> = {
    x: read(call.inputs[0] as number, vector),
    weight: read(call.inputs[1] as number, vector),
    dy: read(call.inputs[2] as number, vector),
    dx: write(call.outputs[0] as number, vector),
  };
  if (residual) wanted.residual = read(call.inputs[3] as number, vector);
  if (sums) wanted.moments = write(call.scratch as number);
  const { tensors, dispatch } = context.bind(call.kernel, wanted);
  const row = rowKernel(context.adapter, rows, width);
  const columns = width / vector;
  const x = tensors.x?.load('start + c') ?? '';
  const h = `${tensors.dy?.load('start + c')} * ${tensors.weight?.load('c')}`;
  const n = `(${x}${centred ? ' - mean' : ''})`;
  const each = (statements: string) =>
    `for (var c = lane; c < ${columns}u; c += ${row.lanes}u) { ${statements} }`;
  const plus = residual ? ` + ${tensors.residual?.load('start + c')}` : '';
  const keep = centred
    ? `${tensors.moments?.store('2u * row', 'mean')} ${tensors.moments?.store('2u * row + 1u', 'inverse')}`
    : `${tensors.moments?.store('row', 'inverse')}`;
  return dispatch(
    `${row.module}
${row.open}
  let start = row * ${columns}u;
  ${momentsText(call.attributes, x, vector, row, centred)}
  ${centred ? 'var average = 0.0;' : ''}
  var along = 0.0;
  ${each(`let h = ${h}; ${centred ? `average += ${total('h', vector)};` : ''} along += ${product('h', n, vector)};`)}
  ${centred ? row.all('add', 'average') : ''}
  ${row.all('add', 'along')}
  if (!live) { return; }
  ${centred ? `average = average * ${f32(1 / width)};` : ''}
  let share = along * inverse * inverse * ${f32(1 / width)};
  ${sums ? `if (lane == 0u) { ${keep} }` : ''}
  ${each(`let h = ${h};
    ${tensors.dx?.store('start + c', `inverse * (h${centred ? ' - average' : ''} - ${n} * share)${plus}`)}`)}
}`,
    row.workgroups,
  );
}

/** Threads of a workgroup that sum a column's rows together, on a real GPU. */
const SLICES = 32;
const ACROSS = 8;

function columnGrads(call: Call, context: KernelContext, centred: boolean): Dispatch {
  const { rows, width } = call.attributes;
  const { software } = context.adapter;
  const vector = vectorFor(width);
  const [, dweight = null, dbias = null] = call.outputs;
  const wanted: Record<string, Wanted> = {
    x: read(call.inputs[0] as number, vector),
    dy: read(call.inputs[2] as number, vector),
    moments: read(call.scratch as number),
  };
  if (dweight !== null) wanted.dweight = write(dweight, vector);
  if (dbias !== null) wanted.dbias = write(dbias, vector);
  const { tensors, dispatch } = context.bind(call.kernel, wanted);
  const columns = width / vector;
  const T = vector === 4 ? 'vec4<f32>' : 'f32';
  // As many invocations as a product has, so that the two may share a dispatch.
  const across = software ? 64 : ACROSS;
  const slices = software ? 1 : SLICES;
  const { workgroups, index } = grid(context.adapter, Math.ceil(columns / across));
  const n = centred
    ? `(${tensors.x?.load('at')} - ${tensors.moments?.load('2u * r')}) * ${tensors.moments?.load('2u * r + 1u')}`
    : `${tensors.x?.load('at')} * ${tensors.moments?.load('r')}`;
  const shared = (name: string) => `
  part[lane] = ${name};
  workgroupBarrier();
  for (var step = ${slices / 2}u; step > 0u; step = step >> 1u) {
    if (slice < step) { part[lane] += part[lane + step * ${across}u]; }
    workgroupBarrier();
  }
  ${name} = part[lane % ${across}u];
  workgroupBarrier();`;
  const fold = (name: string) => (slices === 1 ? '' : shared(name));
  return dispatch(
    `${slices === 1 ? '' : `var<workgroup> part : array<${T}, ${across * slices}>;`}
@compute @workgroup_size(${across * slices})
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let column = ${index} * ${across}u + lane % ${across}u;
  let slice = lane / ${across}u;
  let c = min(column, ${columns - 1}u);
  var weight = ${T}();
  var bias = ${T}();
  for (var r = slice; r < ${rows}u; r += ${slices}u) {
    let at = r * ${columns}u + c;
    let dy = ${tensors.dy?.load('at')};
    ${dweight === null ? '' : `weight += dy * (${n});`}
    ${dbias === null ? '' : 'bias += dy;'}
  }
  ${dweight === null ? '' : fold('weight')}
  ${dbias === null ? '' : fold('bias')}
  if (slice > 0u || column >= ${columns}u) { return; }
  ${dweight === null ? '' : tensors.dweight?.store('c', 'weight')}
  ${dbias === null ? '' : tensors.dbias?.store('c', 'bias')}
}`,
    workgroups,
  );
}
