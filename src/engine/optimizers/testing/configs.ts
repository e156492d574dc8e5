import type { OptimizerConfig } from '../../training/spec.ts';

/** AdamW as most recipes have it. */
export function adamW(changes: Partial<OptimizerConfig> = {}): OptimizerConfig {
  return {
    optim: 'adamw',
    weight_decay: 0.1,
    adam_beta1: 0.9,
    adam_beta2: 0.95,
    adam_epsilon: 1e-8,
    max_grad_norm: 1,
    ...changes,
  };
}
