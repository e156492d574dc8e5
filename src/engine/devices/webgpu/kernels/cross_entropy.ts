import type { Kernel } from '../dispatch.ts';
import { read, type Wanted, write } from '../wanted.ts';
import { rowKernel } from './rows.ts';

/**
 * loss = log sum exp(logits) - logits[label], dlogits = dloss * (softmax - 1 at the label), most often over
 * the logits: the label's logit is read before any lane writes, and each element by the lane that writes it.
 */
export const cross_entropy: Kernel<'cross_entropy'> = (call, context) => {
  const { rows, vocab, ignore_index } = call.attributes;
  const [losses = null, dlogits = null] = call.outputs;
  const wanted: Record<string, Wanted> = {
    x: read(call.inputs[0] as number),
    labels: read(call.inputs[1] as number, 1, 'i32'),
  };
  if (losses !== null) wanted.losses = write(losses);
  const dloss = call.inputs[2];
  if (dlogits !== null) wanted.dlogits = write(dlogits);
  if (dlogits !== null && dloss !== undefined) wanted.dloss = read(dloss);
  const alone = dloss !== undefined && context.tensor(dloss).shape.every((extent) => extent === 1);
  const { tensors, dispatch } = context.bind('cross_entropy', wanted);
  const { module, open, lanes, workgroups, all } = rowKernel(context.adapter, rows, vocab);
  const x = tensors.x?.load('start + j');
  const each = (statement: string) => `for (var j = lane; j < ${vocab}u; j += ${lanes}u) { ${statement} }`;
  const probability = `exp(${x} - norm) - select(0.0, 1.0, j == place)`;
  const gradient = `
  let factor = select(${tensors.dloss?.load(alone ? '0u' : 'row')}, 0.0, ignored);
  ${each(`${tensors.dlogits?.store('start + j', `select(factor * (${probability}), 0.0, ignored)`)}`)}`;
  return [
    dispatch(
      `${module}
${open}
  let start = row * ${vocab}u;
  let label = ${tensors.labels?.load('row')};
  let ignored = label == ${ignore_index};
  let place = u32(clamp(label, 0, ${vocab - 1}));
  let chosen = ${tensors.x?.load('start + place')};
  var top = -3.4028234e38;
  ${each(`top = max(top, ${x});`)}
  ${all('max', 'top')}
  var sum = 0.0;
  ${each(`sum += exp(${x} - top);`)}
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
