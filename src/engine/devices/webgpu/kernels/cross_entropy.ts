import type { Kernel } from '../dispatch.ts';
import { read, type Wanted, write } from '../wanted.ts';
import { total } from './norm/moments.ts';
import { rowKernel } from './rows.ts';
import { vectorFor } from './threads.ts';

/**
 * loss = log sum exp(logits) - logits[label], dlogits = dloss * (softmax - 1 at the label), most often over
 * the logits: the label's logit is read before any lane writes, and each element by the lane that writes it.
 */
export const cross_entropy: Kernel<'cross_entropy'> = (call, context) => {
  const { rows, vocab, ignore_index } = call.attributes;
  const [losses = null, dlogits = null] = call.outputs;
  const vector = vectorFor(vocab);
  const wanted: Record<string, Wanted> = {
    x: read(call.inputs[0] as number, vector),
    labels: read(call.inputs[1] as number, 1, 'i32'),
  };
  if (losses !== null) wanted.losses = write(losses);
  const dloss = call.inputs[2];
  if (dlogits !== null) wanted.dlogits = write(dlogits, vector);
  if (dlogits !== null && dloss !== undefined) wanted.dloss = read(dloss);
  const alone = dloss !== undefined && context.tensor(dloss).shape.every((extent) => extent === 1);
  const { tensors, dispatch } = context.bind('cross_entropy', wanted);
  const { module, open, lanes, workgroups, all } = rowKernel(context.adapter, rows, vocab);
  const x = tensors.x?.load('start + j');
  const each = (statement: string) =>
    `for (var j = lane; j < ${vocab / vector}u; j += ${lanes}u) { ${statement} }`;
  const numbers = vector === 1 ? 'j' : '(vec4<u32>(0u, 1u, 2u, 3u) + 4u * j)';
  const probability = `exp(${x} - norm) - select(T(0.0), T(1.0), ${numbers} == ${vector === 1 ? 'place' : 'vec4<u32>(place)'})`;
  const highest = vector === 1 ? 'v' : 'max(max(v.x, v.y), max(v.z, v.w))';
  const chosen =
    vector === 1 ? tensors.x?.load('start + place') : `${tensors.x?.load('start + place / 4u')}[place % 4u]`;
  const gradient = `
  let factor = select(${tensors.dloss?.load(alone ? '0u' : 'row')}, 0.0, ignored);
  ${each(`${tensors.dlogits?.store('start + j', `select(factor * (${probability}), T(0.0), ignored)`)}`)}`;
  return [
    dispatch(
      `alias T = ${tensors.x?.type};
${module}
${open}
  let start = row * ${vocab / vector}u;
  let label = ${tensors.labels?.load('row')};
  let ignored = label == ${ignore_index};
  let place = u32(clamp(label, 0, ${vocab - 1}));
  let chosen = ${chosen};
  var top = -3.4028234e38;
  ${each(`let v = ${x}; top = max(top, ${highest});`)}
  ${all('max', 'top')}
  var sum = 0.0;
  ${each(`sum += ${total(`exp(${x} - top)`, vector)};`)}
  ${all('add', 'sum')}
  if (!live) { return; }
  let norm = top + log(sum);
  ${losses === null ? '' : `if (lane == 0u) { ${tensors.losses?.store('row', 'select(norm - chosen, 0.0, ignored)')} }`}
  ${dlogits === null ? '' : gradient}
}`,
      workgroups,
    ),
  ];
};
