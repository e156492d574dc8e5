import * as tf from '@tensorflow/tfjs';
import type { MatmulTask, Rate } from '../../contest/calls.ts';
import { batchOf, initialWeights, type Workload } from '../../workload/workload.ts';
import { bestRate, operand } from '../best-rate.ts';
import type { Environment, StepRunner } from '../engine.ts';
import { loss } from './models.ts';
import { startBackend } from './start.ts';

/** tfjs as it is used: `variableGrads`, then AdamW of one's own, since tfjs has none. */
export async function openStep(
  device: string,
  workload: Workload,
  environment: Environment,
): Promise<StepRunner> {
  const description = await startBackend(device, environment);
  const { model, optimizer, batch, context, learning_rate } = workload;
  const sizes = { batch, time: context };
  const { adam_beta1: b1, adam_beta2: b2, adam_epsilon: epsilon, weight_decay, max_grad_norm } = optimizer;
  const slots = initialWeights(workload).map(({ name, shape, values, decay }) => ({
    name,
    decay: decay ? weight_decay : 0,
    p: tf.tensor(values, [...shape]).variable(true, name),
    m: tf.zeros([...shape]).variable(false),
    v: tf.zeros([...shape]).variable(false),
  }));
  const params = Object.fromEntries(slots.map(({ name, p }) => [name, p as tf.Tensor]));

  function update(index: number): tf.Scalar {
    return tf.tidy(() => {
      const { input_ids, labels } = batchOf(workload, index);
      const ids = tf.tensor1d(input_ids, 'int32');
      const { value, grads } = tf.variableGrads(() =>
        loss(params, ids, tf.tensor1d(labels, 'int32'), model, sizes),
      );
      const gradients = slots.map(({ name }) => grads[name] as tf.Tensor);
      // Not tf.addN: on webgpu it binds all operands at once, more than a shader stage may, and yields 0.
      const squares = gradients.map((gradient) => gradient.square().sum());
      const norm = squares.reduce((a, b) => a.add(b)).sqrt();
      const factor = tf.minimum(tf.scalar(max_grad_norm).div(norm.add(1e-6)), 1);
      const [bias1, bias2] = [1 - b1 ** (index + 1), 1 - b2 ** (index + 1)];
      slots.forEach(({ p, m, v, decay }, i) => {
        const gradient = (gradients[i] as tf.Tensor).mul(factor);
        m.assign(m.mul(b1).add(gradient.mul(1 - b1)));
        v.assign(v.mul(b2).add(gradient.square().mul(1 - b2)));
        const step = m.div(v.div(bias2).sqrt().add(epsilon)).mul(learning_rate / bias1);
        p.assign((decay === 0 ? p : p.mul(1 - learning_rate * decay)).sub(step));
      });
      return value;
    });
  }

  /** A GPU's queue is worked off in order, so the update is over with its last write; both in one way there and back. */
  async function finish(value: tf.Scalar): Promise<number> {
    const [loss] = await Promise.all([value.data(), slots.at(-1)?.p.data()]);
    value.dispose();
    return loss[0] ?? Number.NaN;
  }

  return {
    description,
    step: (index) => finish(update(index)),
    async peakBytes(index) {
      let value: tf.Scalar | null = null;
      const { peakBytes } = await tf.profile(() => {
        value = tf.keep(update(index));
        return value;
      });
      if (value !== null) await finish(value);
      // What a GPU keeps in its pool stays allocated.
      const { numBytesInGPUAllocated } = tf.memory() as { numBytesInGPUAllocated?: number };
      return Math.max(peakBytes, numBytesInGPUAllocated ?? 0);
    },
  };
}

export async function matmul(
  device: string,
  { m, n, k, transpose_a, transpose_b, seconds }: MatmulTask,
  environment: Environment,
): Promise<Rate> {
  await startBackend(device, environment);
  const a = tf.tensor2d(operand(m * k), transpose_a ? [k, m] : [m, k]);
  const b = tf.tensor2d(operand(k * n), transpose_b ? [n, k] : [k, n]);
  return bestRate(2 * m * n * k, seconds, async () => {
    const c = tf.matMul(a, b, transpose_a, transpose_b);
    if (device === 'webgpu') {
      const corner = tf.slice(c, [0, 0], [1, 1]);
      await corner.data();
      corner.dispose();
    }
    c.dispose();
  });
}
