import type { ScheduleConfig } from './spec.ts';

/** Hugging Face's `lr_end` of polynomial decay. */
const POLYNOMIAL_LR_END = 1e-7;
/** Hugging Face's `timescale` of inverse_sqrt where there is no warm-up. */
const INVERSE_SQRT_TIMESCALE = 10_000;

/**
 * The factor on learning_rate for the update that comes after `step` updates, from 0. Source:
 * transformers/optimization.py, the lambdas behind get_scheduler with the defaults that Trainer uses.
 * As there, the first update under a warm-up has factor 0 and the first with the full rate is number
 * warmup_steps + 1; nanoGPT's (it + 1) / (warmup_iters + 1) is ahead of this by one update.
 */
export function scheduleFactor(schedule: ScheduleConfig, step: number): number {
  const { lr_scheduler_type: type, learning_rate, warmup_steps: warmup, max_steps } = schedule;
  if (type === 'constant') return 1;
  if (step < warmup) return step / Math.max(1, warmup);
  const decaySteps = Math.max(1, max_steps - warmup);
  const progress = (step - warmup) / decaySteps;
  switch (type) {
    case 'constant_with_warmup':
      return 1;
    case 'linear':
      return Math.max(0, (max_steps - step) / decaySteps);
    case 'cosine':
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
    case 'cosine_with_min_lr': {
      const floor = schedule.min_lr / learning_rate;
      return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)) * (1 - floor) + floor);
    }
    case 'polynomial': {
      if (step > max_steps) return POLYNOMIAL_LR_END / learning_rate;
      return ((learning_rate - POLYNOMIAL_LR_END) * (1 - progress) + POLYNOMIAL_LR_END) / learning_rate;
    }
    case 'inverse_sqrt': {
      const timescale = warmup || INVERSE_SQRT_TIMESCALE;
      return 1 / Math.sqrt((step + timescale - warmup) / timescale);
    }
  }
}

/** The learning rate of the update that comes after `step` updates. */
export function learningRateAt(schedule: ScheduleConfig, step: number): number {
  return schedule.learning_rate * scheduleFactor(schedule, step);
}
