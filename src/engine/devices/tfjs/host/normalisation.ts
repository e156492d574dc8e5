import { at, type FusedTable, lastOf } from '../kernel.ts';
import { type HostMemory, output } from './memory.ts';

type NormOp =
  | 'layer_norm'
  | 'layer_norm_grad_x'
  | 'layer_norm_grad_weight'
  | 'rms_norm'
  | 'rms_norm_grad_x'
  | 'rms_norm_grad_weight';

/** Mean and 1 / standard deviation of one row; `centre` false takes the mean as 0 (RMSNorm). */
function moments(x: Float32Array, start: number, columns: number, epsilon: number, centre: boolean) {
  let mean = 0;
  if (centre) {
    for (let c = 0; c < columns; c++) mean += x[start + c] as number;
    mean /= columns;
  }
  let square = 0;
  for (let c = 0; c < columns; c++) {
    const d = (x[start + c] as number) - mean;
    square += d * d;
  }
  return { mean, inverse: 1 / Math.sqrt(square / columns + epsilon) };
}

/**
 * With xhat = (x - mean) / sigma and g = dy * weight: dx = (g - mean(g) - xhat * mean(g * xhat)) / sigma;
 * RMSNorm has no mean to subtract.
 */
export function normalisationKernels(memory: HostMemory): Pick<FusedTable, NormOp> {
  const forward =
    (centre: boolean): FusedTable['layer_norm'] & FusedTable['rms_norm'] =>
    (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [x, weight, to] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1)), memory.f32(out)];
      const bias = centre ? memory.f32(at(inputs, 2)) : null;
      for (let start = 0; start < to.length; start += columns) {
        const { mean, inverse } = moments(x, start, columns, node.attributes.epsilon, centre);
        for (let c = 0; c < columns; c++) {
          const normal = ((x[start + c] as number) - mean) * inverse;
          to[start + c] = normal * (weight[c] as number) + (bias === null ? 0 : (bias[c] as number));
        }
      }
      return out;
    };
  const gradX =
    (centre: boolean): FusedTable['layer_norm_grad_x'] & FusedTable['rms_norm_grad_x'] =>
    (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [x, weight] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1))];
      const [dy, to] = [memory.f32(at(inputs, 2)), memory.f32(out)];
      for (let start = 0; start < to.length; start += columns) {
        const { mean, inverse } = moments(x, start, columns, node.attributes.epsilon, centre);
        let [sum, dot] = [0, 0];
        for (let c = 0; c < columns; c++) {
          const g = (dy[start + c] as number) * (weight[c] as number);
          sum += g;
          dot += g * ((x[start + c] as number) - mean) * inverse;
        }
        sum = centre ? sum / columns : 0;
        dot /= columns;
        for (let c = 0; c < columns; c++) {
          const g = (dy[start + c] as number) * (weight[c] as number);
          const normal = ((x[start + c] as number) - mean) * inverse;
          to[start + c] = (g - sum - normal * dot) * inverse;
        }
      }
      return out;
    };
  const gradWeight =
    (centre: boolean): FusedTable['layer_norm_grad_weight'] & FusedTable['rms_norm_grad_weight'] =>
    (o, node, inputs) => {
      const columns = lastOf(node.shape);
      const out = output(o, memory, node.shape);
      const [x, dy] = [memory.f32(at(inputs, 0)), memory.f32(at(inputs, 1))];
      const sums = new Float64Array(columns);
      for (let start = 0; start < x.length; start += columns) {
        const { mean, inverse } = moments(x, start, columns, node.attributes.epsilon, centre);
        for (let c = 0; c < columns; c++) {
          sums[c] =
            (sums[c] as number) + (dy[start + c] as number) * ((x[start + c] as number) - mean) * inverse;
        }
      }
      memory.f32(out).set(sums);
      return out;
    };
  return {
    layer_norm: forward(true),
    layer_norm_grad_x: gradX(true),
    layer_norm_grad_weight: gradWeight(true),
    rms_norm: forward(false),
    rms_norm_grad_x: gradX(false),
    rms_norm_grad_weight: gradWeight(false),
  };
}
