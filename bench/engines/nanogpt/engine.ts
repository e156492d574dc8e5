import type { TrainingOptions } from '@genai-fi/nanogpt';
import * as tf from '@tensorflow/tfjs';
import type { MatmulTask } from '../../contest/calls.ts';
import { batchOf, initialWeights, type Workload } from '../../workload/workload.ts';
import type { Environment, StepRunner } from '../engine.ts';

/** What its own training loop calls for each batch, and where its learned positions are. */
interface Trainer {
  configure(options: TrainingOptions): void;
  trainStep(state: object, batch: { readonly xs: tf.Tensor; readonly ys: tf.Tensor }): tf.Scalar;
}
interface Positions {
  readonly wpe: { readonly wpe: { setWeights(weights: readonly tf.Tensor[]): void } };
}

/**
 * @genai-fi/nanogpt as its users run it: its model, its own kernels for WebGPU, its trainer's step. tfjs keeps
 * its engine in one global place, so tensors made here are tensors there. Its first model with learned
 * positions is GPT-2 but for RMSNorm in place of LayerNorm and the approximate GELU; the contest holds its
 * losses against ours of that very variant. Neither clips: its clipping takes another norm than the gradients have
 * (its losses leave ours with it, and agree to 6 digits without).
 */
export async function openStep(
  device: string,
  workload: Workload,
  environment: Environment,
): Promise<StepRunner> {
  const { model, optimizer, batch, context, learning_rate } = workload;
  if (model.model_type !== 'gpt2') throw new Error('It has no Llama.');
  if (device === 'webgpu' && (await environment.gpu()) === null) throw new Error('There is no WebGPU here.');
  // Its package was made for browsers; in Node it would look for Node's modules where there are none.
  tf.env().set('IS_NODE', false);
  const { TeachableLLM } = await import('@genai-fi/nanogpt');
  await TeachableLLM.selectBackend(device as 'webgpu');
  const llm = TeachableLLM.create('char', {
    modelType: 'GenAI_NanoGPT_v1',
    vocabSize: model.vocab_size,
    blockSize: context,
    nLayer: model.n_layer,
    nHead: model.n_head,
    nEmbed: model.n_embd,
    mlpFactor: 4,
    useRope: false,
  });
  await new Promise<void>((resolve, reject) => {
    llm.on('loaded', () => resolve());
    llm.on('error', (error) => reject(error));
  });
  const options: TrainingOptions = {
    method: { type: 'pretraining' },
    batchSize: batch,
    learningRate: learning_rate,
    minLearningRate: learning_rate,
    beta1: optimizer.adam_beta1,
    beta2: optimizer.adam_beta2,
    epsilon: optimizer.adam_epsilon,
    weightDecay: optimizer.weight_decay,
    warmupSteps: 0,
    lossScaling: 1,
  };
  const log = {
    trainingMetrics: { loss: 0 },
    step: 0,
    time: 0,
    batchSize: batch,
    tokensPerSecond: 0,
    duration: 0,
    totalTokens: 0,
  };
  const data = [{ id: 'bench', name: 'bench' }] as unknown as Parameters<typeof llm.training.restore>[3];
  const job = llm.training.restore(options, [log], undefined as never, data);
  const trainer = job.trainer as unknown as Trainer;
  trainer.configure(options);
  const tensors = new Map<string, tf.Tensor[]>();
  for (const { name, shape, values } of initialWeights(workload)) {
    const tensor = tf.tensor(values, [...shape]);
    if (name === 'transformer.wpe.weight') (llm.model as unknown as Positions).wpe.wpe.setWeights([tensor]);
    else tensors.set(nameThere(name), [tensor]);
  }
  llm.model.weightStore.loadWeights(tensors as never, false);

  function run(index: number): tf.Scalar {
    const { input_ids, labels } = batchOf(workload, index);
    const xs = tf.tensor2d(input_ids, [batch, context], 'int32');
    const ys = tf.tensor2d(labels, [batch, context], 'int32');
    try {
      return trainer.trainStep({}, { xs, ys });
    } finally {
      tf.dispose([xs, ys]);
    }
  }
  async function finish(loss: tf.Scalar): Promise<number> {
    // The queue of a GPU is worked off in order: when this has come back, the update is done.
    const [value] = await Promise.all([loss.data(), tf.tidy(() => tf.scalar(1).mul(2)).data()]);
    loss.dispose();
    return value[0] ?? Number.NaN;
  }
  return {
    description: `@genai-fi/nanogpt 1.3.0, ${device}`,
    step: (index) => finish(run(index)),
    async peakBytes(index) {
      await finish(run(index));
      const { numBytesInGPUAllocated, numBytes } = tf.memory() as tf.MemoryInfo & {
        numBytesInGPUAllocated?: number;
      };
      return numBytesInGPUAllocated ?? numBytes;
    },
  };
}

function nameThere(name: string): string {
  const block = /^transformer\.h\.(\d+)\.(.+)\.weight$/.exec(name);
  if (block === null) return name === 'transformer.wte.weight' ? 'token_embedding' : 'final_rms_norm';
  const parts: Readonly<Record<string, string>> = {
    ln_1: 'rms1',
    ln_2: 'rms2',
    'attn.c_attn': 'cAttn',
    'attn.c_proj': 'cProj',
    'mlp.c_fc': 'mlpHidden',
    'mlp.c_proj': 'mlpOut',
  };
  return `block_${block[1]}_${parts[block[2] ?? '']}`;
}

/** Its products are its own kernels' and tfjs's; it has none to call by itself. */
export async function matmul(_device: string, _task: MatmulTask, _environment: Environment): Promise<null> {
  return null;
}
