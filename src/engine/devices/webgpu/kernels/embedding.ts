import type { Kernel } from '../dispatch.ts';
import { read, write } from '../wanted.ts';
import { threads, vectorFor } from './threads.ts';

export const embedding: Kernel<'embedding'> = (call, context) => {
  const { rows, width } = call.attributes;
  const [weights, ids] = call.inputs as [number, number];
  const vector = vectorFor(width);
  const { tensors, dispatch } = context.bind('embedding', {
    table: read(weights, vector),
    ids: read(ids, 1, 'u32'),
    y: write(call.outputs[0] as number, vector),
  });
  const columns = width / vector;
  const id = tensors.ids.load(`i / ${columns}u`);
  const body = tensors.y.store('i', tensors.table.load(`${id} * ${columns}u + i % ${columns}u`));
  const { text, workgroups } = threads(context.adapter, rows * columns, body);
  return [dispatch(text, workgroups)];
};
