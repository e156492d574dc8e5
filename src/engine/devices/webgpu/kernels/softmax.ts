import type { KernelCallOf } from '../../../graph/lower/kernel-plan.ts';
import type { Dispatch, Kernel, KernelContext } from '../dispatch.ts';
import { read, type Wanted, write } from '../wanted.ts';
import { f32 } from './literal.ts';
import { product, total } from './norm/moments.ts';
import { rowKernel } from './rows.ts';
import { vectorFor } from './threads.ts';

export const softmax: Kernel<'softmax'> = (call, context) => {
  const { rows, width } = call.attributes;
  return rowSoftmax(call, context, { rows, width, scale: 1, visible: null });
};

/** Query i of Tq sees keys up to i + offset; the others get 0. */
export const causal_softmax: Kernel<'causal_softmax'> = (call, context) => {
  const { batch, tq, tk, scale } = call.attributes;
  return rowSoftmax(call, context, { rows: batch * tq, width: tk, scale, visible: tq });
};

interface Shape {
  readonly rows: number;
  readonly width: number;
  readonly scale: number;
  /** Rows of one causal triangle; null where every row sees all. */
  readonly visible: number | null;
}

/** In place is fine: each row is read before it is written, element by element. */
function rowSoftmax(
  call: KernelCallOf<'softmax'> | KernelCallOf<'causal_softmax'>,
  context: KernelContext,
  { rows, width, scale, visible }: Shape,
): readonly Dispatch[] {
  const vector = visible === null ? vectorFor(width) : 1;
  const columns = width / vector;
  const wanted: Record<string, Wanted> = {
    x: read(call.inputs[0] as number, vector),
    y: write(call.outputs[0] as number, vector),
  };
  if (visible !== null) wanted.offset = read(call.inputs[1] as number, 1, 'i32');
  const { tensors, dispatch } = context.bind(call.kernel, wanted);
  const { module, open, lanes, workgroups, all } = rowKernel(context.adapter, rows, width);
  const x = (j: string) => `${tensors.x?.load(`start + ${j}`)}`;
  const store = (j: string, value: string) => `${tensors.y?.store(`start + ${j}`, value)}`;
  const seen =
    visible === null
      ? `${columns}u`
      : `u32(clamp(i32(row % ${visible}u) + ${tensors.offset?.load('0u')} + 1, 0, ${width}))`;
  return [
    dispatch(
      `${module}
${open}
  let start = row * ${columns}u;
  let seen = ${seen};
  var top = -3.4028234e38;
  for (var j = lane; j < seen; j += ${lanes}u) {
    let v = ${x('j')} * ${f32(scale)};
    top = max(top, ${vector === 1 ? 'v' : 'max(max(v.x, v.y), max(v.z, v.w))'});
  }
  ${all('max', 'top')}
  var sum = 0.0;
  for (var j = lane; j < seen; j += ${lanes}u) { sum += ${total(`exp(${x('j')} * ${f32(scale)} - top)`, vector)}; }
  ${all('add', 'sum')}
  if (!live) { return; }
  let inverse = 1.0 / sum;
  for (var j = lane; j < seen; j += ${lanes}u) { ${store('j', `exp(${x('j')} * ${f32(scale)} - top) * inverse`)} }
  for (var j = seen + lane; j < ${columns}u; j += ${lanes}u) { ${store('j', `${tensors.y?.type}()`)} }
}`,
      workgroups,
    ),
  ];
}

/** dx = y * (dy - sum of y dy) * scale */
export const softmax_grad: Kernel<'softmax_grad'> = (call, context) => {
  const { rows, width, scale } = call.attributes;
  const vector = vectorFor(width);
  const columns = width / vector;
  const { tensors, dispatch } = context.bind('softmax_grad', {
    y: read(call.inputs[0] as number, vector),
    dy: read(call.inputs[1] as number, vector),
    dx: write(call.outputs[0] as number, vector),
  });
  const { module, open, lanes, workgroups, all } = rowKernel(context.adapter, rows, width);
  const y = tensors.y.load('start + j');
  const dy = tensors.dy.load('start + j');
  return [
    dispatch(
      `${module}
${open}
  let start = row * ${columns}u;
  var along = 0.0;
  for (var j = lane; j < ${columns}u; j += ${lanes}u) { along += ${product(y, dy, vector)}; }
  ${all('add', 'along')}
  if (!live) { return; }
  for (var j = lane; j < ${columns}u; j += ${lanes}u) {
    ${tensors.dx.store('start + j', `${y} * (${dy} - along) * ${f32(scale)}`)}
  }
}`,
      workgroups,
    ),
  ];
};
