import * as z from 'zod';
import { DEVICE_NAMES, type DeviceChoice } from '../../engine/device.ts';
import { above0, between, field, share, whole } from './field.ts';

const STEPS = 1_000_000_000;
const SEED = 0xffff_ffff;

export const seed = (standard: number, what: string) =>
  field(whole(0, SEED).default(standard), {
    title: 'Seed',
    description: `Where ${what} starts. The same config, data, seed and device give the same result.`,
    examples: [42, 1337],
  });

const DEVICES: Readonly<Record<DeviceChoice, string>> = {
  auto: 'the fastest that is there',
  webgpu: 'our own kernels on the GPU, in browsers with WebGPU',
  wasm: 'our own kernels on the processor, with SIMD, and all its cores where the page may share memory',
  'tfjs-webgpu': 'TensorFlow.js on the GPU through WebGPU',
  'tfjs-webgl': 'TensorFlow.js on the GPU through WebGL, in browsers without WebGPU',
  'tfjs-wasm': 'TensorFlow.js on the processor, with SIMD',
  'tfjs-cpu': 'TensorFlow.js in plain JavaScript: slow, and runs everywhere',
  reference: 'plain TypeScript that says what is right: the slowest',
};

/** Hugging Face's TrainingArguments, as far as they mean something here. */
export const trainingSchema = z
  .strictObject({
    learning_rate: field(above0(100).default(1e-3), {
      title: 'Learning rate',
      aliases: ['lr'],
      description:
        'Size of an update at the peak of the schedule. Small models take larger ones: about 1.0e-3 at width 128, 6.0e-4 at 768. YAML wants a point in it: 1.0e-3.',
      examples: [1e-3, 6e-4],
    }),
    lr_scheduler_type: field(
      z
        .enum([
          'linear',
          'cosine',
          'cosine_with_min_lr',
          'constant',
          'constant_with_warmup',
          'polynomial',
          'inverse_sqrt',
        ])
        .default('linear'),
      {
        title: 'Schedule',
        aliases: ['scheduler', 'lr_schedule', 'lr_scheduler', 'decay_lr'],
        description:
          'How the learning rate changes after the warm-up: to 0 in a line or a cosine, down to `min_lr` with cosine_with_min_lr, or not at all.',
      },
    ),
    min_lr: field(between(0, 100).optional(), {
      title: 'Lowest learning rate',
      aliases: ['min_learning_rate'],
      description:
        'Where `cosine_with_min_lr` ends; a tenth of learning_rate is usual. Other schedules do not read it.',
      examples: [1e-4],
    }),
    warmup_steps: field(whole(0, STEPS).optional(), {
      title: 'Warm-up',
      aliases: ['warmup_iters', 'warmup'],
      description: 'Updates during which the learning rate rises from 0 to its peak. 0 where left out.',
      unit: 'updates',
      examples: [100],
    }),
    warmup_ratio: field(between(0, 1).optional(), {
      title: 'Warm-up, as a share',
      description: 'The warm-up as a share of all updates, instead of warmup_steps.',
      examples: [0.05],
    }),
    per_device_train_batch_size: field(whole(1, 65_536).default(8), {
      title: 'Batch',
      aliases: ['batch_size', 'train_batch_size', 'micro_batch_size'],
      description: 'Sequences per pass through the model. Memory for activations and logits grows with it.',
      unit: 'sequences',
      examples: [8, 12, 64],
    }),
    gradient_accumulation_steps: field(whole(1, 65_536).default(1), {
      title: 'Accumulation',
      aliases: ['grad_accum', 'accumulation_steps', 'accumulate_grad_batches'],
      description:
        'Passes whose gradients are averaged before one update: a larger effective batch for the same memory.',
      unit: 'passes',
      examples: [1, 4],
    }),
    gradient_checkpointing: field(z.boolean().default(false), {
      title: 'Recompute activations',
      aliases: ['activation_checkpointing', 'checkpoint_activations', 'recompute'],
      description:
        'Computes the inside of each layer again in the backward pass, rather than keeping it: the same result with much less memory and about a third more work.',
    }),
    max_steps: field(whole(1, STEPS).optional(), {
      title: 'Length of the run',
      aliases: ['max_iters', 'steps', 'iterations', 'num_steps', 'total_steps'],
      description: 'Updates in all. Give this or num_train_epochs; 1000 where neither is given.',
      unit: 'updates',
      examples: [2000],
    }),
    num_train_epochs: field(above0(1_000_000).optional(), {
      title: 'Length of the run, in epochs',
      aliases: ['epochs', 'num_epochs', 'n_epochs'],
      description: 'Times that the run goes over the training part of the data, instead of max_steps.',
      unit: 'epochs',
      examples: [1, 3],
    }),
    eval_steps: field(whole(0, STEPS).default(250), {
      title: 'Evaluate every',
      aliases: ['eval_interval', 'eval_every'],
      description: 'Updates between two looks at the validation part. 0: never.',
      unit: 'updates',
      examples: [250],
    }),
    eval_batches: field(whole(1, STEPS).nullable().default(20), {
      title: 'Batches per evaluation',
      aliases: ['eval_iters'],
      description:
        'How many batches an evaluation averages over. Null: the whole validation part, exact but slower.',
      unit: 'batches',
      examples: [20, 200],
    }),
    save_steps: field(whole(0, STEPS).default(100), {
      title: 'Checkpoint every',
      aliases: ['save_interval', 'checkpoint_interval', 'save_every'],
      description:
        'Updates between two checkpoints. A run that is cut off goes on from the last one. 0: only at the end.',
      unit: 'updates',
      examples: [100, 500],
    }),
    early_stopping_patience: field(whole(0, 1_000_000).default(0), {
      title: 'Patience',
      aliases: ['patience'],
      description:
        'Evaluations without a better validation loss after which the run ends by itself. 0: never.',
      unit: 'evaluations',
      examples: [0, 5],
    }),
    optim: field(z.enum(['adamw', 'sgd', 'lion', 'muon']).default('adamw'), {
      title: 'Optimizer',
      aliases: ['optimizer'],
      description:
        '`adamw` is the safe choice and keeps two numbers per parameter; `lion` keeps one and wants a learning rate 3 to 10 times smaller; `muon` orthogonalises the updates of matrices; `sgd` keeps none.',
    }),
    weight_decay: field(between(0, 10).default(0), {
      title: 'Weight decay',
      description:
        'Pull of matrices towards zero, relative to the learning rate. Vectors (biases, norms) are left alone.',
      examples: [0, 0.1],
    }),
    adam_beta1: field(share().default(0.9), {
      title: 'Memory of the mean',
      aliases: ['beta1'],
      description: "Share of the gradient's running mean that is kept at each update; the momentum.",
      examples: [0.9],
    }),
    adam_beta2: field(share().default(0.999), {
      title: 'Memory of the square',
      aliases: ['beta2'],
      description:
        "Share of the running mean of the gradient's square that is kept. 0.95 to 0.99 suits short runs.",
      examples: [0.95, 0.99, 0.999],
    }),
    adam_epsilon: field(above0(1).default(1e-8), {
      title: 'Adam epsilon',
      aliases: ['eps', 'epsilon'],
      description: 'Added to the root of the mean square, so that nothing is divided by zero.',
      examples: [1e-8],
    }),
    max_grad_norm: field(between(0, 1e6).default(1), {
      title: 'Gradient clipping',
      aliases: ['grad_clip', 'clip', 'gradient_clip_val'],
      description:
        'Largest 2-norm that all gradients together may have; longer ones are scaled down. 0: no clipping.',
      examples: [1],
    }),
    seed: seed(42, 'the random numbers of initial weights, data order and dropout'),
    dtype: field(z.enum(['float32', 'float16', 'bfloat16']).default('float32'), {
      title: 'Number format',
      aliases: ['torch_dtype', 'precision'],
      description:
        'How numbers between the layers are stored. Weights, optimizer and arithmetic are float32 either way, so a saved model is the same size.',
      values: {
        float32: 'four bytes a number, on every device',
        float16:
          'two bytes for activations and their gradients on `webgpu`: less memory, and faster where the GPU has f16. The loss is scaled so that small gradients are not lost; now and then an update is skipped to find the right scale. Other devices store float32',
        bfloat16: 'not for training yet; weights that were saved in it are read as they are',
      },
    }),
    device: field(z.enum(['auto', ...DEVICE_NAMES]).default('auto'), {
      title: 'Device',
      description:
        '`auto` times a small step on each device there is and takes the fastest that computes rightly.',
      values: DEVICES,
    }),
  })
  .meta({ title: 'Training', description: 'How the model is trained.' });
