import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../graph/sizes.ts';
import { at, type FusedTable, type Inputs, lastOf, type OpContext } from './kernel.ts';
import { asNumber, reshape } from './plain.ts';

/** Fused ops composed of tfjs kernels, for backends where that is the only way, or the fastest. */

type ComposedOp = Exclude<
  FusedOpName,
  'embedding_grad' | 'dropout_mask' | 'rotary' | 'causal_softmax' | 'cache_write'
>;
type FusedOpName = keyof FusedTable;

const SQRT_2_OVER_PI = Math.sqrt(2 / Math.PI);
const INV_SQRT_2PI = 1 / Math.sqrt(2 * Math.PI);

/** Arithmetic on tensors in the order it is written. */
class Arithmetic {
  readonly #o: OpContext;

  constructor(o: OpContext) {
    this.#o = o;
  }

  add = (a: Operand, b: Operand): TensorInfo => this.#binary('Add', a, b);
  sub = (a: Operand, b: Operand): TensorInfo => this.#binary('Sub', a, b);
  mul = (a: Operand, b: Operand): TensorInfo => this.#binary('Multiply', a, b);
  div = (a: Operand, b: Operand): TensorInfo => this.#binary('RealDiv', a, b);
  unary = (kernel: string, x: TensorInfo): TensorInfo => this.#o.call(kernel, { x });
  sumLast = (x: TensorInfo): TensorInfo =>
    this.#o.call('Sum', { x }, { axis: [x.shape.length - 1], keepDims: true });
  maxLast = (x: TensorInfo): TensorInfo =>
    this.#o.call('Max', { x }, { reductionIndices: [x.shape.length - 1], keepDims: true });

  #binary(kernel: string, a: Operand, b: Operand): TensorInfo {
    const tensor = (x: Operand) => (typeof x === 'number' ? this.#o.scalar(x) : x);
    return this.#o.call(kernel, { a: tensor(a), b: tensor(b) });
  }
}
type Operand = TensorInfo | number;

function compose(f: (t: Arithmetic, x: TensorInfo, second: TensorInfo) => TensorInfo) {
  return (o: OpContext, _node: unknown, inputs: Inputs): TensorInfo =>
    f(new Arithmetic(o), at(inputs, 0), inputs[1] ?? at(inputs, 0));
}

/** tanh(u) as 1 - 2 / (exp(2u) + 1): saturates where exp overflows, keeps NaN, and exp is the fast kernel. */
function tanh(t: Arithmetic, u: TensorInfo): TensorInfo {
  return t.sub(1, t.div(2, t.add(t.unary('Exp', t.mul(u, 2)), 1)));
}

function geluNewTanh(t: Arithmetic, x: TensorInfo): TensorInfo {
  const cube = t.mul(t.mul(x, x), x);
  return tanh(t, t.mul(t.add(x, t.mul(cube, 0.044715)), SQRT_2_OVER_PI));
}

function normalCdf(t: Arithmetic, x: TensorInfo): TensorInfo {
  return t.mul(t.add(t.unary('Erf', t.mul(x, Math.SQRT1_2)), 1), 0.5);
}

function normalised(t: Arithmetic, x: TensorInfo, epsilon: number, centre: boolean) {
  const columns = lastOf(x.shape);
  const centred = centre ? t.sub(x, t.div(t.sumLast(x), columns)) : x;
  const variance = t.div(t.sumLast(t.mul(centred, centred)), columns);
  const inverse = t.unary('Rsqrt', t.add(variance, epsilon));
  return { normal: t.mul(centred, inverse), inverse };
}

function normGradX(centre: boolean): FusedTable['layer_norm_grad_x'] & FusedTable['rms_norm_grad_x'] {
  return (o, node, inputs) => {
    const t = new Arithmetic(o);
    const columns = lastOf(node.shape);
    const { normal, inverse } = normalised(t, at(inputs, 0), node.attributes.epsilon, centre);
    const g = t.mul(at(inputs, 2), at(inputs, 1));
    const dot = t.div(t.sumLast(t.mul(g, normal)), columns);
    const rest = t.sub(g, t.mul(normal, dot));
    return t.mul(centre ? t.sub(rest, t.div(t.sumLast(g), columns)) : rest, inverse);
  };
}

function normGradWeight(
  centre: boolean,
): FusedTable['layer_norm_grad_weight'] & FusedTable['rms_norm_grad_weight'] {
  return (o, node, inputs) => {
    const t = new Arithmetic(o);
    const columns = lastOf(node.shape);
    const { normal } = normalised(t, at(inputs, 0), node.attributes.epsilon, centre);
    const product = t.mul(normal, at(inputs, 1));
    const rows = sizeOf(product.shape) / columns;
    return o.call('Sum', { x: reshape(o, product, [rows, columns]) }, { axis: [0], keepDims: false });
  };
}

/** Where the label is, as a mask [N, V], and whether a row counts, as [N, 1]. */
function labelMasks(o: OpContext, labels: TensorInfo, columns: number, ignore: number) {
  const rows = sizeOf(labels.shape);
  const column = o.call('Reshape', { x: labels }, { shape: [rows, 1] });
  const cast = (x: TensorInfo, dtype: string) => o.call('Cast', { x }, { dtype });
  const number = cast(column, 'float32');
  const ids = o.call('Range', {}, { start: 0, stop: columns, step: 1, dtype: 'float32' });
  const hit = cast(o.call('Equal', { a: number, b: reshape(o, ids, [1, columns]) }), 'float32');
  const counts = cast(o.call('NotEqual', { a: number, b: o.scalar(ignore) }), 'float32');
  return { hit, counts };
}

export const composedKernels: Pick<FusedTable, ComposedOp> = {
  affine: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const { factor, offset } = node.attributes;
    const scaled = factor === 1 ? at(inputs, 0) : t.mul(at(inputs, 0), factor);
    return offset === 0 && factor !== 1 ? scaled : t.add(scaled, offset);
  },
  is_finite: (o, _node, inputs) => asNumber(o, o.call('IsFinite', { x: at(inputs, 0) })),
  gelu: compose((t, x) => t.mul(x, normalCdf(t, x))),
  gelu_new: compose((t, x) => t.mul(t.mul(x, 0.5), t.add(geluNewTanh(t, x), 1))),
  silu: compose((t, x) => t.div(x, t.add(t.unary('Exp', t.unary('Neg', x)), 1))),
  relu_grad: (o, _node, inputs) => {
    const positive = o.call('Greater', { a: at(inputs, 0), b: o.scalar(0) });
    return o.call('Multiply', { a: at(inputs, 1), b: o.call('Cast', { x: positive }, { dtype: 'float32' }) });
  },
  gelu_grad: compose((t, x, dy) => {
    const density = t.mul(t.unary('Exp', t.mul(t.mul(x, x), -0.5)), INV_SQRT_2PI);
    return t.mul(dy, t.add(normalCdf(t, x), t.mul(x, density)));
  }),
  gelu_new_grad: compose((t, x, dy) => {
    const tan = geluNewTanh(t, x);
    const slope = t.add(t.mul(t.mul(x, x), 3 * 0.044715 * SQRT_2_OVER_PI), SQRT_2_OVER_PI);
    const second = t.mul(t.mul(x, t.sub(1, t.mul(tan, tan))), slope);
    return t.mul(dy, t.mul(t.add(t.add(tan, 1), second), 0.5));
  }),
  silu_grad: compose((t, x, dy) => {
    const s = t.div(1, t.add(t.unary('Exp', t.unary('Neg', x)), 1));
    return t.mul(dy, t.mul(s, t.add(t.mul(x, t.sub(1, s)), 1)));
  }),
  reduce_sum: (o, node, inputs) => {
    const { axes, keep_dims } = node.attributes;
    if (axes.length === 0) return o.call('Identity', { x: at(inputs, 0) });
    return o.call('Sum', { x: at(inputs, 0) }, { axis: [...axes], keepDims: keep_dims });
  },
  sum_squares: (o, _node, inputs) => {
    const x = reshape(o, at(inputs, 0), [sizeOf(at(inputs, 0).shape)]);
    const squares = o.call('Multiply', { a: x, b: x });
    return o.call('Sum', { x: squares }, { axis: [0], keepDims: false });
  },
  embedding: (o, node, inputs) => {
    const ids = reshape(o, at(inputs, 1), [sizeOf(at(inputs, 1).shape)]);
    const rows = o.call('GatherV2', { x: at(inputs, 0), indices: ids }, { axis: 0, batchDims: 0 });
    return reshape(o, rows, node.shape);
  },
  layer_norm: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const { normal } = normalised(t, at(inputs, 0), node.attributes.epsilon, true);
    return t.add(t.mul(normal, at(inputs, 1)), at(inputs, 2));
  },
  layer_norm_grad_x: normGradX(true),
  layer_norm_grad_weight: normGradWeight(true),
  rms_norm: (o, node, inputs) => {
    const t = new Arithmetic(o);
    return t.mul(normalised(t, at(inputs, 0), node.attributes.epsilon, false).normal, at(inputs, 1));
  },
  rms_norm_grad_x: normGradX(false),
  rms_norm_grad_weight: normGradWeight(false),
  softmax: compose((t, x) => softmaxOf(t, x)),
  softmax_grad: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const [y, dy] = [at(inputs, 0), at(inputs, 1)];
    return t.mul(t.mul(y, t.sub(dy, t.sumLast(t.mul(y, dy)))), node.attributes.scale);
  },
  cross_entropy: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const logits = at(inputs, 0);
    const { hit, counts } = labelMasks(o, at(inputs, 1), lastOf(logits.shape), node.attributes.ignore_index);
    const shifted = t.sub(logits, t.maxLast(logits));
    const total = t.unary('Log', t.sumLast(t.unary('Exp', shifted)));
    const chosen = t.sumLast(t.mul(shifted, hit));
    return reshape(o, t.mul(t.sub(total, chosen), counts), node.shape);
  },
  cross_entropy_grad: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const logits = at(inputs, 0);
    const columns = lastOf(logits.shape);
    const { hit, counts } = labelMasks(o, at(inputs, 1), columns, node.attributes.ignore_index);
    const by = t.mul(reshape(o, at(inputs, 2), [sizeOf(logits.shape) / columns, 1]), counts);
    return t.mul(t.sub(softmaxOf(t, logits), hit), by);
  },
  ema: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const { beta } = node.attributes;
    return t.add(t.mul(at(inputs, 0), beta), t.mul(at(inputs, 1), 1 - beta));
  },
  ema_square: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const { beta } = node.attributes;
    const g = at(inputs, 1);
    return t.add(t.mul(at(inputs, 0), beta), t.mul(t.mul(g, g), 1 - beta));
  },
  adamw_update: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const [p, lr] = [at(inputs, 0), at(inputs, 3)];
    const [m, v] = [t.div(at(inputs, 1), at(inputs, 4)), t.div(at(inputs, 2), at(inputs, 5))];
    const step = t.div(m, t.add(t.unary('Sqrt', v), node.attributes.epsilon));
    return t.sub(t.mul(p, t.sub(1, t.mul(lr, node.attributes.weight_decay))), t.mul(step, lr));
  },
  decayed_update: (o, node, inputs) => {
    const t = new Arithmetic(o);
    const lr = at(inputs, 2);
    const kept = t.mul(at(inputs, 0), t.sub(1, t.mul(lr, node.attributes.weight_decay)));
    return t.sub(kept, t.mul(at(inputs, 1), lr));
  },
};

function softmaxOf(t: Arithmetic, x: TensorInfo): TensorInfo {
  const e = t.unary('Exp', t.sub(x, t.maxLast(x)));
  return t.div(e, t.sumLast(e));
}
