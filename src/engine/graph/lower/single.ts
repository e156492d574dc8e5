import type { Node, NodeOf, OpName } from '../ir.ts';
import { sizeOf } from '../sizes.ts';
import { emitBroadcast, emitConcat, emitSlice, emitTranspose, emitWholeCopy } from './copies.ts';
import type { CallOrigin, Draft } from './draft.ts';
import type { ExpressionStep } from './expression.ts';
import { emitMatmul } from './matmul.ts';
import { emitNormGrad } from './norms.ts';
import { emitReduction } from './reductions.ts';
import { SUM_SQUARES_CHUNK } from './scratch.ts';
import type { StepNode, StepOp } from './steps.ts';
import { appendStep, isStep } from './steps.ts';

/** Operands and results of one elementwise call; more terms than fit are added up in several calls. */
export const MOST_OPERANDS = 8;

type Emit<K extends OpName> = (draft: Draft, node: NodeOf<K>, origin: CallOrigin) => void;

/** Every op that is no step of an expression; one that was added to the IR is a type error until it is here. */
const EMIT: { readonly [K in Exclude<OpName, StepOp>]: Emit<K> | null } = {
  // Inputs, states and views need no call.
  input: null,
  state: null,
  reshape: null,
  after: null,
  constant: (draft, { id, attributes }, origin) => draft.call('fill', [], [id], attributes, origin),
  iota: (draft, { id }, origin) => draft.call('iota', [], [id], {}, origin),
  transpose: emitTranspose,
  slice: emitSlice,
  concat: emitConcat,
  broadcast_to: emitBroadcast,
  reduce_sum: emitReduction,
  reduce_max: emitReduction,
  sum_squares: (draft, { id, inputs }, origin) =>
    draft.call('sum_squares', inputs, [id], { chunk: SUM_SQUARES_CHUNK }, origin),
  matmul: emitMatmul,
  embedding: (draft, { id, inputs }, origin) => {
    const [table = -1, ids = -1] = inputs;
    const width = draft.value(table).shape[1] ?? 1;
    draft.call('embedding', inputs, [id], { rows: draft.value(ids).size, width }, origin);
  },
  embedding_grad: (draft, { id, inputs, shape }, origin) => {
    const [table_rows = 0, width = 1] = shape;
    const rows = draft.value(inputs[1] as number).size;
    draft.call('embedding_grad', inputs, [id], { rows, width, table_rows }, origin);
  },
  layer_norm: (draft, { id, inputs, shape, attributes }, origin) =>
    draft.call('layer_norm', inputs, [id], { ...rowsOf(shape), ...attributes }, origin),
  rms_norm: (draft, { id, inputs, shape, attributes }, origin) =>
    draft.call('rms_norm', inputs, [id], { ...rowsOf(shape), ...attributes }, origin),
  layer_norm_grad_x: emitNormGrad,
  rms_norm_grad_x: emitNormGrad,
  layer_norm_grad_weight: emitNormGrad,
  rms_norm_grad_weight: emitNormGrad,
  softmax: (draft, { id, inputs, shape }, origin) =>
    draft.call('softmax', inputs, [id], rowsOf(shape), origin),
  softmax_grad: (draft, { id, inputs, shape, attributes }, origin) =>
    draft.call('softmax_grad', inputs, [id], { ...rowsOf(shape), ...attributes }, origin),
  causal_softmax: (draft, { id, inputs, shape, attributes }, origin) => {
    const [tq = 1, tk = 1] = shape.slice(-2);
    draft.call('causal_softmax', inputs, [id], { batch: batchOf(shape), tq, tk, ...attributes }, origin);
  },
  rotary: (draft, { id, inputs, shape, attributes }, origin) => {
    const [time = 1, size = 1] = shape.slice(-2);
    draft.call('rotary', inputs, [id], { batch: batchOf(shape), time, size, ...attributes }, origin);
  },
  cache_write: (draft, { id, inputs, shape }, origin) => {
    const [cache = -1, rows = -1, position = -1] = inputs;
    const [capacity = 1, size = 1] = shape.slice(-2);
    const [time = 1] = draft.value(rows).shape.slice(-2);
    emitWholeCopy(draft, cache, id, { ...origin, flops: 0 });
    const attributes = { batch: batchOf(shape), capacity, time, size };
    draft.call('cache_write', [id, rows, position], [id], attributes, origin);
  },
  cross_entropy: (draft, { id, inputs, attributes }, origin) => {
    const sizes = tableOf(draft, inputs[0] as number);
    draft.call('cross_entropy', inputs, [id, null], { ...sizes, ...attributes }, origin);
  },
  cross_entropy_grad: (draft, { id, inputs, attributes }, origin) => {
    const sizes = tableOf(draft, inputs[0] as number);
    draft.call('cross_entropy', inputs, [null, id], { ...sizes, ...attributes }, origin);
  },
  attention: (draft, { id, inputs, attributes }, origin) =>
    draft.call('attention', inputs, [id, null], attributes, origin),
  attention_lse: (draft, { id, inputs, attributes }, origin) =>
    draft.call('attention', inputs, [null, id], attributes, origin),
  attention_grad: (draft, { id, inputs, attributes }, origin) =>
    draft.call('attention_grad', inputs, [id], { ...attributes, turned: null }, origin),
  rotary_heads: (draft, { id, inputs, shape, attributes }, origin) =>
    draft.call('rotary_heads', inputs, [id], { ...rowsOf(shape), ...attributes }, origin),
  cache_append: (draft, { id, inputs, shape, attributes }, origin) => {
    const [cache = -1, qkv = -1, position = -1] = inputs;
    const [batch = 1, , capacity = 1] = shape;
    emitWholeCopy(draft, cache, id, { ...origin, flops: 0 });
    draft.call('cache_append', [id, qkv, position], [id], { batch, capacity, ...attributes }, origin);
  },
  cached_attention: (draft, { id, inputs, attributes }, origin) => {
    const [batch = 1, , capacity = 1] = draft.value(inputs[1] as number).shape;
    draft.call('cached_attention', inputs, [id], { batch, capacity, ...attributes }, origin);
  },
  sample_token: (draft, { id, inputs }, origin) =>
    draft.call('sample_token', inputs, [id], tableOf(draft, inputs[0] as number), origin),
};

/** A node as a kernel call of its own, if it needs one. */
export function emitSingle(draft: Draft, node: Node): void {
  if (draft.isView(node.id)) return;
  if (isStep(node)) {
    emitStep(draft, node);
    return;
  }
  const emit = EMIT[node.op] as Emit<OpName> | null;
  if (emit !== null) emit(draft, node, draft.origin(node));
}

export function rowsOf(shape: readonly number[]): { readonly rows: number; readonly width: number } {
  const width = shape[shape.length - 1] ?? 1;
  return { rows: width === 0 ? 0 : sizeOf(shape) / width, width };
}

/** All but the last two axes. */
function batchOf(shape: readonly number[]): number {
  return sizeOf(shape.slice(0, -2));
}

export function tableOf(draft: Draft, logits: number): { readonly rows: number; readonly vocab: number } {
  const [rows = 1, vocab = 1] = draft.value(logits).shape;
  return { rows, vocab };
}

function emitStep(draft: Draft, node: StepNode): void {
  if (node.op === 'add_n' && node.inputs.length > MOST_OPERANDS - 1) {
    emitLongSum(draft, node);
    return;
  }
  const operands = node.inputs.length;
  const steps: ExpressionStep[] = [];
  const order = node.inputs.map((_, i) => i);
  const value = appendStep(node, order, steps, operands);
  const expression = { operands, steps, stores: [value] };
  draft.call('elementwise', node.inputs, [node.id], { expression }, draft.origin(node));
}

/** Left to right, a few terms at a time. */
function emitLongSum(draft: Draft, node: NodeOf<'add_n'>): void {
  const { inputs } = node;
  const { flops, scope } = draft.origin(node);
  let sum = inputs[0] as number;
  for (let at = 1; at < inputs.length; at += MOST_OPERANDS - 2) {
    const terms = [sum, ...inputs.slice(at, at + MOST_OPERANDS - 2)];
    const isLast = at + MOST_OPERANDS - 2 >= inputs.length;
    const to = isLast ? node.id : draft.make(node.shape);
    const steps: ExpressionStep[] = [];
    const order = terms.map((_, i) => i);
    const value = appendStep(node, order, steps, terms.length);
    const expression = { operands: terms.length, steps, stores: [value] };
    const share = (flops * steps.length) / (inputs.length - 1);
    draft.call('elementwise', terms, [to], { expression }, { scope, flops: share });
    sum = to;
  }
}
