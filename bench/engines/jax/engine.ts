import {
  blockUntilReady,
  type Device,
  defaultDevice,
  init,
  jit,
  numpy as np,
  tree,
  valueAndGrad,
} from '@jax-js/jax';
import type { MatmulTask, Rate } from '../../contest/calls.ts';
import { batchOf, initialWeights, type Workload } from '../../workload/workload.ts';
import { bestRate, operand } from '../best-rate.ts';
import type { Environment, StepRunner } from '../engine.ts';
import { loss, type Params } from './models.ts';

async function start(device: string, environment: Environment): Promise<void> {
  if (device === 'webgpu' && (await environment.gpu()) === null) throw new Error('There is no WebGPU here.');
  const known = (['wasm', 'webgpu'] as const).find((name) => name === device);
  if (known === undefined) throw new Error(`jax-js has no device ${device}.`);
  const ready: Device[] = await init(known);
  if (!ready.includes(known)) throw new Error(`jax-js cannot start ${device} here.`);
  defaultDevice(known);
}

/** The whole step under one `jit`: value and gradient, clipping, AdamW. */
export async function openStep(
  device: string,
  workload: Workload,
  environment: Environment,
): Promise<StepRunner> {
  await start(device, environment);
  const { model, optimizer, batch, context, learning_rate } = workload;
  const sizes = { batch, time: context };
  const { adam_beta1: b1, adam_beta2: b2, adam_epsilon: epsilon, weight_decay, max_grad_norm } = optimizer;
  const weights = initialWeights(workload);
  const decays = new Map(weights.map(({ name, decay }) => [name, decay ? weight_decay : 0]));

  const lossAndGradient = valueAndGrad((p: Params, ids: np.Array, labels: np.Array) => {
    const value = loss(p, ids, labels, model, sizes);
    tree.dispose(p);
    return value;
  });

  /** `rate`, `bias1`, `bias2` []: the learning rate and Adam's two corrections, which change from step to step. */
  const update = jit(
    (
      p: Params,
      m: Params,
      v: Params,
      ids: np.Array,
      labels: np.Array,
      rate: np.Array,
      bias1: np.Array,
      bias2: np.Array,
    ) => {
      const [value, gradients] = lossAndGradient(tree.ref(p), ids, labels) as unknown as [np.Array, Params];
      const squares = Object.values(gradients).map((g) => np.sum(np.square(g.ref)));
      const norm = np.sqrt(squares.reduce((a, b) => a.add(b)));
      const factor = np.minimum(np.reciprocal(norm.add(1e-6)).mul(max_grad_norm), 1);
      const next: { p: Params; m: Params; v: Params } = { p: {}, m: {}, v: {} };
      for (const name of Object.keys(p)) {
        const [parameter, gradient, first, second] = [p[name], gradients[name], m[name], v[name]] as [
          np.Array,
          np.Array,
          np.Array,
          np.Array,
        ];
        const clipped = gradient.mul(factor.ref);
        const nextM = first.mul(b1).add(clipped.ref.mul(1 - b1));
        const nextV = second.mul(b2).add(np.square(clipped).mul(1 - b2));
        const root = np.sqrt(nextV.ref.mul(np.reciprocal(bias2.ref))).add(epsilon);
        const step = nextM.ref.mul(np.reciprocal(root)).mul(rate.ref.mul(np.reciprocal(bias1.ref)));
        const decay = rate.ref.mul(-(decays.get(name) ?? 0)).add(1);
        next.p[name] = parameter.mul(decay).sub(step);
        next.m[name] = nextM;
        next.v[name] = nextV;
      }
      for (const one of [rate, bias1, bias2, factor]) one.dispose();
      return { loss: value, ...next };
    },
  );

  const zeros = (): Params =>
    Object.fromEntries(weights.map(({ name, shape }) => [name, np.zeros([...shape])]));
  let p: Params = Object.fromEntries(
    weights.map(({ name, shape, values }) => [name, np.array(values).reshape([...shape])]),
  );
  let m = zeros();
  let v = zeros();
  return {
    description: `jax-js 0.1.25, ${device}`,
    async step(index) {
      const { input_ids, labels } = batchOf(workload, index);
      const out = update(
        p,
        m,
        v,
        oneHot(input_ids, model.vocab_size),
        oneHot(labels, model.vocab_size),
        np.array(learning_rate),
        np.array(1 - b1 ** (index + 1)),
        np.array(1 - b2 ** (index + 1)),
      ) as unknown as { loss: np.Array; p: Params; m: Params; v: Params };
      ({ p, m, v } = out);
      // Awaited before anything is disposed of: jax-js skips the work of what nobody waits for. Asked for
      // together, so that it is one way to the GPU and back.
      const [, loss] = await Promise.all([blockUntilReady([p, m, v]), out.loss.data()]);
      return loss[0] ?? Number.NaN;
    },
    peakBytes: async () => null,
  };
}

function oneHot(ids: Int32Array, classes: number): np.Array {
  const rows = new Float32Array(ids.length * classes);
  ids.forEach((id, row) => {
    rows[row * classes + id] = 1;
  });
  return np.array(rows).reshape([ids.length, classes]);
}

export async function matmul(
  device: string,
  { m, n, k, transpose_a, transpose_b, seconds }: MatmulTask,
  environment: Environment,
): Promise<Rate> {
  await start(device, environment);
  const a = np.array(operand(m * k)).reshape(transpose_a ? [k, m] : [m, k]);
  const b = np.array(operand(k * n)).reshape(transpose_b ? [n, k] : [k, n]);
  await blockUntilReady([a, b]);
  const product = jit((x: np.Array, y: np.Array) =>
    np.matmul(transpose_a ? np.transpose(x) : x, transpose_b ? np.transpose(y) : y),
  );
  return bestRate(2 * m * n * k, seconds, async () => {
    const c = product(a.ref, b.ref);
    await c.blockUntilReady();
    c.dispose();
  });
}
