import type { NodeOf } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import type { Draft } from './draft.ts';

type NormGrad =
  | NodeOf<'layer_norm_grad_x'>
  | NodeOf<'rms_norm_grad_x'>
  | NodeOf<'layer_norm_grad_weight'>
  | NodeOf<'rms_norm_grad_weight'>;

export function isLayerNorm(op: NormGrad['op']): boolean {
  return op === 'layer_norm_grad_x' || op === 'layer_norm_grad_weight';
}

/** A gradient of a norm by itself. That of the weight comes with a dx that nobody reads, made with weights of 1. */
export function emitNormGrad(draft: Draft, node: NormGrad): void {
  const origin = draft.origin(node);
  const ofWeight = node.op === 'layer_norm_grad_weight' || node.op === 'rms_norm_grad_weight';
  const { shape } = draft.value(node.inputs[0] as number);
  const width = shape[shape.length - 1] ?? 1;
  const rows = width === 0 ? 0 : sizeOf(shape) / width;
  const attributes = { rows, width, epsilon: node.attributes.epsilon, residual: false };
  const kernel = isLayerNorm(node.op) ? 'layer_norm_grad' : 'rms_norm_grad';
  const spare = kernel === 'layer_norm_grad' ? [null] : [];
  if (!ofWeight) {
    draft.call(kernel, node.inputs, [node.id, null, ...spare], attributes, origin);
    return;
  }
  const [x = -1, dy = -1] = node.inputs;
  const weight = draft.make([width]);
  draft.call('fill', [], [weight], { value: 1 }, { scope: origin.scope, flops: 0 });
  draft.call(kernel, [x, weight, dy], [draft.make(shape), node.id, ...spare], attributes, origin);
}
