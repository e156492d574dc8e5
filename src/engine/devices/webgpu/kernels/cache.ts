import type { Kernel } from '../dispatch.ts';
import { read, write } from '../wanted.ts';
import { threads, vectorFor } from './threads.ts';

/** The new rows alone are written: what else the cache holds is there already. */
export const cache_write: Kernel<'cache_write'> = (call, context) => {
  const { batch, capacity, time, size } = call.attributes;
  const vector = vectorFor(size);
  const { tensors, dispatch } = context.bind('cache_write', {
    rows: read(call.inputs[1] as number, vector),
    position: read(call.inputs[2] as number, 1, 'u32'),
    cache: write(call.outputs[0] as number, vector),
  });
  const columns = size / vector;
  const place = `(i / ${time * columns}u) * ${capacity * columns}u + ${tensors.position.load('0u')} * ${columns}u + i % ${time * columns}u`;
  const body = tensors.cache.store(place, tensors.rows.load('i'));
  const { text, workgroups } = threads(context.adapter, batch * time * columns, body);
  return [dispatch(text, workgroups)];
};

export const cache_append: Kernel<'cache_append'> = (call, context) => {
  const { batch, time, heads, key_heads, head_size, capacity, part } = call.attributes;
  const vector = vectorFor(head_size);
  const { tensors, dispatch } = context.bind('cache_append', {
    qkv: read(call.inputs[1] as number, vector),
    position: read(call.inputs[2] as number, 1, 'u32'),
    cache: write(call.outputs[0] as number, vector),
  });
  const columns = head_size / vector;
  const width = (heads + 2 * key_heads) * columns;
  const first = (part === 'k' ? heads : heads + key_heads) * columns;
  const { text, workgroups } = threads(
    context.adapter,
    batch * key_heads * time * columns,
    `
  let column = i % ${columns}u;
  let t = (i / ${columns}u) % ${time}u;
  let head = (i / ${columns * time}u) % ${key_heads}u;
  let b = i / ${columns * time * key_heads}u;
  let value = ${tensors.qkv.load(`(b * ${time}u + t) * ${width}u + ${first}u + head * ${columns}u + column`)};
  let slot = ${tensors.position.load('b')} + t;
  ${tensors.cache.store(`((b * ${key_heads}u + head) * ${capacity}u + slot) * ${columns}u + column`, 'value')}`,
  );
  return [dispatch(text, workgroups)];
};
