import { sequencesPerEpoch } from '../../engine/training/order.ts';
import type {
  OptimizerConfig,
  SamplingConfig,
  ScheduleConfig,
  TrainingSpec,
} from '../../engine/training/spec.ts';
import type { Config } from '../config/schema.ts';
import { sizesOf, toModelConfig } from './model.ts';

/** The length of a run for which neither max_steps nor num_train_epochs is given, in updates. */
export const STANDARD_STEPS = 1000;
/** cosine_with_min_lr without min_lr ends at this share of learning_rate (Hoffmann et al., 2022, use a tenth). */
const MIN_LR_SHARE = 0.1;

/** What has to be known before a run can start. */
export interface TrainingFacts {
  /** Of the tokenizer; the model's own vocab_size goes before it. */
  readonly vocab_size: number;
  /** Of the training part; only needed where the length is given in epochs. */
  readonly train_tokens: number | null;
}

/** Everything that the training loop needs. Null where the length is in epochs and the tokens are unknown. */
export function toTrainingSpec(config: Config, facts: TrainingFacts): TrainingSpec | null {
  const { training } = config;
  const max_steps = updates(config, facts.train_tokens);
  if (max_steps === null) return null;
  return {
    model: toModelConfig(config.model, config.model.vocab_size ?? facts.vocab_size),
    optimizer: toOptimizer(config),
    schedule: toSchedule(config, max_steps),
    per_device_train_batch_size: training.per_device_train_batch_size,
    gradient_accumulation_steps: training.gradient_accumulation_steps,
    gradient_checkpointing: training.gradient_checkpointing,
    ...toStorage(config),
    max_steps,
    eval_steps: training.eval_steps,
    eval_batches: training.eval_batches,
    save_steps: training.save_steps,
    early_stopping_patience: training.early_stopping_patience,
    seed: training.seed,
    sampling: toSampling(config),
  };
}

export function toOptimizer({ training }: Config): OptimizerConfig {
  const { optim, weight_decay, adam_beta1, adam_beta2, adam_epsilon, max_grad_norm } = training;
  return { optim, weight_decay, adam_beta1, adam_beta2, adam_epsilon, max_grad_norm };
}

/** float32 is what goes without saying; bfloat16 no run gets as far as. */
export function toStorage({ training }: Config): Pick<TrainingSpec, 'dtype'> {
  return training.dtype === 'float16' ? { dtype: 'float16' } : {};
}

function toSchedule(config: Config, max_steps: number): ScheduleConfig {
  const { lr_scheduler_type, learning_rate, min_lr } = config.training;
  const floor = lr_scheduler_type === 'cosine_with_min_lr' ? learning_rate * MIN_LR_SHARE : 0;
  const warmup_steps = warmup(config, max_steps);
  return { lr_scheduler_type, learning_rate, min_lr: min_lr ?? floor, warmup_steps, max_steps };
}

function toSampling({ sampling }: Config): SamplingConfig {
  return { ...sampling };
}

/** Sequences per update. */
export function effectiveBatch({ training }: Config): number {
  return training.per_device_train_batch_size * training.gradient_accumulation_steps;
}

export function tokensPerStep(config: Config): number {
  return effectiveBatch(config) * sizesOf(config.model).context.value;
}

/** The length of the run in updates; null where it is in epochs and the tokens are unknown. */
export function updates(config: Config, train_tokens: number | null): number | null {
  const { max_steps, num_train_epochs } = config.training;
  if (max_steps !== undefined) return max_steps;
  if (num_train_epochs === undefined) return STANDARD_STEPS;
  if (train_tokens === null) return null;
  const sequences = sequencesPerEpoch(train_tokens, sizesOf(config.model).context.value);
  return Math.max(1, Math.ceil((sequences * num_train_epochs) / effectiveBatch(config)));
}

/** Updates of warm-up; a share is rounded up, as Hugging Face does. */
export function warmup({ training }: Config, max_steps: number): number {
  const { warmup_steps, warmup_ratio } = training;
  return warmup_steps ?? Math.ceil((warmup_ratio ?? 0) * max_steps);
}
