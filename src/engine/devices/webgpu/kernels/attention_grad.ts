import type { AttentionGradKernel } from '../../../graph/lower/kernel-plan.ts';
import type { Kernel } from '../dispatch.ts';
import { grid } from '../grid.ts';
import { read, type Wanted, write } from '../wanted.ts';
import { keysText } from './attention/grad-keys.ts';
import { isLooped, loopedKeysText, loopedQueriesText } from './attention/grad-looped.ts';
import { queriesText } from './attention/grad-queries.ts';
import type { GradTensors } from './attention/grad-tensors.ts';
import { tileModule } from './attention/loop.ts';
import { attentionShape, dropoutText, GROUP } from './attention/shape.ts';
import { turnText } from './attention/turn.ts';

/**
 * One dispatch of two kinds of workgroups, as WGSL has no float atomics: in the first a thread for each
 * query sums its dq over keys, in the rest a thread for each key sums dk and dv over the queries that see
 * it. Both compute the attention weights anew from the log-sum-exp. With p = exp(score - lse), m the
 * dropout factor and dp = m * dout . v: dv += p m dout, dscore = p (dp - out . dout) (Dao, 2023).
 */
export const attention_grad: Kernel<'attention_grad'> = (call, context) => {
  const attributes: AttentionGradKernel = call.attributes;
  const { batch, heads, key_heads, rate, turned } = attributes;
  const shape = attentionShape(attributes, context.adapter);
  const { vector, padded, reach } = shape;
  const [qkv = -1, out = -1, lse = -1, dout = -1, seed = -1] = call.inputs;
  const wanted: Record<string, Wanted> = {
    qkv: read(qkv, vector),
    out: read(out, vector),
    lse: read(lse),
    dout: read(dout, vector),
    dqkv: write(call.outputs[0] as number, vector),
  };
  if (rate > 0) wanted.seed = read(seed, 1, 'u32');
  if (turned !== null) wanted.positions = read(call.inputs.at(-1) as number, 1, 'i32');
  const bound = context.bind('attention_grad', wanted);
  const tensors = bound.tensors as unknown as GradTensors;
  const dropout = dropoutText(attributes, bound.tensors.seed);
  const queries = Math.ceil((batch * heads * padded) / GROUP);
  const keys = Math.ceil((batch * key_heads * padded) / GROUP);
  const { workgroups, index } = grid(context.adapter, queries + keys);
  const positions = bound.tensors.positions ?? null;
  const turn = turnText(attributes, shape, positions);
  const texts = isLooped(shape)
    ? `${loopedQueriesText(attributes, shape, tensors, dropout.factor, positions)}
${loopedKeysText(attributes, shape, tensors, dropout.factor, positions)}`
    : `${queriesText(attributes, shape, tensors, dropout.factor, turn)}
${keysText(attributes, shape, tensors, dropout.factor, turn)}`;
  const body = `${dropout.module}
${tileModule(shape, ['x', 'y'])}
${reach === 'tile' ? `var<workgroup> tile_lse : array<f32, ${shape.tile}>;\nvar<workgroup> tile_delta : array<f32, ${shape.tile}>;` : ''}
${turn.module}
${texts}
@compute @workgroup_size(${GROUP}) @diagnostic(off, subgroup_uniformity)
fn main(@builtin(workgroup_id) wid : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let group = ${index};
  if (group < ${queries}u) { queries(group * ${GROUP}u, lane); }
  else { keys((group - ${queries}u) * ${GROUP}u, lane); }
}`;
  return [bound.dispatch(body, workgroups, reach === 'quads' ? ['subgroups'] : [])];
};
