import { sizeOf } from '../../../graph/sizes.ts';
import type { Kernel } from '../dispatch.ts';
import { read, write } from '../wanted.ts';
import { f32, NOT_FINITE } from './literal.ts';
import { threads } from './threads.ts';

/** Bits are moved as they are, whatever type they have; between f32 and halves numbers are. */
export const copy: Kernel<'copy'> = (call, context) => {
  const { extent, from_offset, from_strides, to_offset, to_strides } = call.attributes;
  const last = extent.length - 1;
  // Four at a time where both sides walk the innermost axis one by one and everything else in fours.
  const rest = [from_offset, to_offset, ...from_strides.slice(0, last), ...to_strides.slice(0, last)];
  const dense = from_strides[last] === 1 && to_strides[last] === 1;
  const wide = dense && [extent[last] as number, ...rest].every((size) => size % 4 === 0);
  const vector = wide ? 4 : 1;
  const [from, to] = [call.inputs[0] as number, call.outputs[0] as number];
  const type = [from, to].some((id) => context.tensor(id).dtype === 'f16') ? undefined : 'u32';
  const { tensors, dispatch } = context.bind('copy', {
    x: read(from, vector, type),
    y: write(to, vector, type),
  });
  const sizes = extent.map((size, axis) => (axis === last ? size / vector : size));
  const place = (offset: number, strides: readonly number[]) => {
    const terms = sizes.map((size, axis) => {
      const inner = sizeOf(sizes.slice(axis + 1));
      const index = inner === 1 ? 'i' : `(i / ${inner}u)`;
      const at = axis === 0 ? index : `(${index} % ${size}u)`;
      return `${at} * ${axis === last ? strides[axis] : (strides[axis] as number) / vector}u`;
    });
    return [`${offset / vector}u`, ...terms].join(' + ');
  };
  const count = sizeOf(sizes);
  const body = tensors.y.store(
    place(to_offset, to_strides),
    tensors.x.load(place(from_offset, from_strides)),
  );
  const { text, workgroups } = threads(context.adapter, count, body);
  return [dispatch(text, workgroups)];
};

export const fill: Kernel<'fill'> = (call, context) => {
  const id = call.outputs[0] as number;
  const { shape, dtype } = context.tensor(id);
  const { tensors, dispatch } = context.bind('fill', { y: write(id) });
  const { value } = call.attributes;
  const literal = dtype === 'i32' ? `i32(${value | 0})` : f32(value);
  const count = sizeOf(shape);
  const { text, workgroups } = threads(context.adapter, count, tensors.y.store('i', literal));
  return [dispatch(`${literal.startsWith('not_finite') ? NOT_FINITE : ''}${text}`, workgroups)];
};

export const iota: Kernel<'iota'> = (call, context) => {
  const id = call.outputs[0] as number;
  const { tensors, dispatch } = context.bind('iota', { y: write(id) });
  const count = sizeOf(context.tensor(id).shape);
  const { text, workgroups } = threads(context.adapter, count, tensors.y.store('i', 'i32(i)'));
  return [dispatch(text, workgroups)];
};
