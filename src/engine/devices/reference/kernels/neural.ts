import type { Call, Kernels, Numbers } from './kernel.ts';
import { input, rowsOf } from './kernel.ts';

interface Moments {
  readonly mean: number;
  /** 1 / sqrt(variance + epsilon) */
  readonly inverse: number;
}

/** `centred` false gives the root mean square of RMSNorm, with mean 0. */
function moments(x: Numbers, start: number, width: number, epsilon: number, centred: boolean): Moments {
  let mean = 0;
  if (centred) {
    for (let j = 0; j < width; j++) mean += x[start + j] as number;
    mean /= width;
  }
  let square = 0;
  for (let j = 0; j < width; j++) square += ((x[start + j] as number) - mean) ** 2;
  return { mean, inverse: 1 / Math.sqrt(square / width + epsilon) };
}

/**
 * With n = (x - mean) * inverse and h = dy * weight:
 * dx = inverse * (h - mean(h) - n * mean(h * n)); without the middle term where nothing was centred.
 */
function normGradX(call: Call<'layer_norm_grad_x'> | Call<'rms_norm_grad_x'>, centred: boolean): void {
  const x = input(call, 0);
  const weight = input(call, 1);
  const dy = input(call, 2);
  const [rows, width] = rowsOf(call.node.shape);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const { mean, inverse } = moments(x, start, width, call.node.attributes.epsilon, centred);
    let sum = 0;
    let dot = 0;
    for (let j = 0; j < width; j++) {
      const h = (dy[start + j] as number) * (weight[j] as number);
      sum += h;
      dot += h * ((x[start + j] as number) - mean) * inverse;
    }
    const average = centred ? sum / width : 0;
    for (let j = 0; j < width; j++) {
      const h = (dy[start + j] as number) * (weight[j] as number);
      const n = ((x[start + j] as number) - mean) * inverse;
      call.out[start + j] = inverse * (h - average - (n * dot) / width);
    }
  }
}

function normGradWeight(
  call: Call<'layer_norm_grad_weight'> | Call<'rms_norm_grad_weight'>,
  centred: boolean,
): void {
  const x = input(call, 0);
  const dy = input(call, 1);
  const [rows, width] = rowsOf(call.shapes[0] ?? []);
  const sums = new Float64Array(width);
  for (let row = 0; row < rows; row++) {
    const start = row * width;
    const { mean, inverse } = moments(x, start, width, call.node.attributes.epsilon, centred);
    for (let j = 0; j < width; j++) {
      sums[j] = (sums[j] as number) + (dy[start + j] as number) * ((x[start + j] as number) - mean) * inverse;
    }
  }
  call.out.set(sums);
}

/** Softmax of the first `visible` of `width` numbers times `scale`; 0 for the others. Safe in place. */
function softmaxRow(
  x: Numbers,
  out: Numbers,
  start: number,
  width: number,
  visible: number,
  scale: number,
): void {
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < visible; j++) top = Math.max(top, (x[start + j] as number) * scale);
  let sum = 0;
  for (let j = 0; j < visible; j++) sum += Math.exp((x[start + j] as number) * scale - top);
  for (let j = 0; j < visible; j++) out[start + j] = Math.exp((x[start + j] as number) * scale - top) / sum;
  for (let j = visible; j < width; j++) out[start + j] = 0;
}

function logSumExp(x: Numbers, start: number, width: number): number {
  let top = Number.NEGATIVE_INFINITY;
  for (let j = 0; j < width; j++) top = Math.max(top, x[start + j] as number);
  let sum = 0;
  for (let j = 0; j < width; j++) sum += Math.exp((x[start + j] as number) - top);
  return top + Math.log(sum);
}

export const neuralKernels: Kernels<
  | 'embedding'
  | 'embedding_grad'
  | 'layer_norm'
  | 'layer_norm_grad_x'
  | 'layer_norm_grad_weight'
  | 'rms_norm'
  | 'rms_norm_grad_x'
  | 'rms_norm_grad_weight'
  | 'softmax'
  | 'causal_softmax'
  | 'softmax_grad'
  | 'cross_entropy'
  | 'cross_entropy_grad'
> = {
  embedding: (call) => {
    const table = input(call, 0);
    const ids = input(call, 1);
    const width = call.shapes[0]?.[1] ?? 0;
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i] as number;
      call.out.set(table.subarray(id * width, (id + 1) * width), i * width);
    }
  },
  embedding_grad: (call) => {
    const dy = input(call, 0);
    const ids = input(call, 1);
    const width = call.node.shape[1] as number;
    const sums = new Float64Array(call.out.length);
    for (let i = 0; i < ids.length; i++) {
      const to = (ids[i] as number) * width;
      for (let j = 0; j < width; j++) sums[to + j] = (sums[to + j] as number) + (dy[i * width + j] as number);
    }
    call.out.set(sums);
  },
  layer_norm: (call) => {
    const x = input(call, 0);
    const weight = input(call, 1);
    const bias = input(call, 2);
    const [rows, width] = rowsOf(call.node.shape);
    for (let row = 0; row < rows; row++) {
      const start = row * width;
      const { mean, inverse } = moments(x, start, width, call.node.attributes.epsilon, true);
      for (let j = 0; j < width; j++) {
        call.out[start + j] =
          ((x[start + j] as number) - mean) * inverse * (weight[j] as number) + (bias[j] as number);
      }
    }
  },
  layer_norm_grad_x: (call) => normGradX(call, true),
  layer_norm_grad_weight: (call) => normGradWeight(call, true),
  rms_norm: (call) => {
    const x = input(call, 0);
    const weight = input(call, 1);
    const [rows, width] = rowsOf(call.node.shape);
    for (let row = 0; row < rows; row++) {
      const start = row * width;
      const { inverse } = moments(x, start, width, call.node.attributes.epsilon, false);
      for (let j = 0; j < width; j++) {
        call.out[start + j] = (x[start + j] as number) * inverse * (weight[j] as number);
      }
    }
  },
  rms_norm_grad_x: (call) => normGradX(call, false),
  rms_norm_grad_weight: (call) => normGradWeight(call, false),
  softmax: (call) => {
    const [rows, width] = rowsOf(call.node.shape);
    for (let row = 0; row < rows; row++) softmaxRow(input(call, 0), call.out, row * width, width, width, 1);
  },
  causal_softmax: (call) => {
    const offset = input(call, 1)[0] as number;
    const [rows, width] = rowsOf(call.node.shape);
    const queries = call.node.shape[call.node.shape.length - 2] as number;
    const { scale } = call.node.attributes;
    for (let row = 0; row < rows; row++) {
      const visible = Math.max(0, Math.min(width, (row % queries) + offset + 1));
      softmaxRow(input(call, 0), call.out, row * width, width, visible, scale);
    }
  },
  softmax_grad: (call) => {
    const y = input(call, 0);
    const dy = input(call, 1);
    const [rows, width] = rowsOf(call.node.shape);
    const { scale } = call.node.attributes;
    for (let row = 0; row < rows; row++) {
      const start = row * width;
      let dot = 0;
      for (let j = 0; j < width; j++) dot += (y[start + j] as number) * (dy[start + j] as number);
      for (let j = 0; j < width; j++) {
        call.out[start + j] = scale * (y[start + j] as number) * ((dy[start + j] as number) - dot);
      }
    }
  },
  cross_entropy: (call) => {
    const logits = input(call, 0);
    const labels = input(call, 1);
    const width = call.shapes[0]?.[1] ?? 0;
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row] as number;
      const ignored = label === call.node.attributes.ignore_index;
      call.out[row] = ignored
        ? 0
        : logSumExp(logits, row * width, width) - (logits[row * width + label] as number);
    }
  },
  cross_entropy_grad: (call) => {
    const logits = input(call, 0);
    const labels = input(call, 1);
    const dloss = input(call, 2);
    const width = call.node.shape[1] as number;
    for (let row = 0; row < labels.length; row++) {
      const label = labels[row] as number;
      const start = row * width;
      if (label === call.node.attributes.ignore_index) {
        call.out.fill(0, start, start + width);
        continue;
      }
      const norm = logSumExp(logits, start, width);
      const factor = dloss[row] as number;
      for (let j = 0; j < width; j++) {
        const probability = Math.exp((logits[start + j] as number) - norm);
        call.out[start + j] = factor * (j === label ? probability - 1 : probability);
      }
    }
  },
};
