import { configErrors } from '../../config/errors.ts';
import { thousands, yamlNumber } from '../../config/wording.ts';
import { STANDARD_STEPS, warmup } from '../../plan/training-spec.ts';
import { type Facts, finding, given, removing, setting } from '../facts.ts';
import type { Diagnostic } from '../report.ts';

/** The length of the run and what happens at which step of it. */
export function runRules(facts: Facts): Diagnostic[] {
  return [
    ...empty(facts),
    ...lengths(facts),
    ...warmups(facts),
    ...minimumRate(facts),
    ...evaluations(facts),
    ...numberFormat(facts),
    ...unusedByOptimizer(facts),
    ...outputBiasAlone(facts),
  ];
}

function empty({ reading, config, sizes }: Facts): Diagnostic[] {
  const { whole, root } = reading.parsed;
  if (!whole || root.entries.length > 0) return [];
  return [
    finding(reading, configErrors.empty, {
      severity: 'info',
      at: 'project',
      message: `Nothing is given, so everything has its default: a ${config.model.model_type} of ${sizes.layers.value} layers on the built-in ${config.data.source}.`,
      fixes: [setting(reading, 'Start with a model', { 'model.model_type': config.model.model_type })],
    }),
  ];
}

function lengths(facts: Facts): Diagnostic[] {
  const { reading, config } = facts;
  const { max_steps, num_train_epochs } = config.training;
  if (max_steps === undefined || num_train_epochs === undefined) return [];
  return [
    finding(reading, configErrors.twoLengths, {
      at: 'training.num_train_epochs',
      message: `The length of the run is given twice: max_steps ${thousands(max_steps)} and num_train_epochs ${num_train_epochs}. Keep the one that counts.`,
      fixes: [
        removing(reading, 'Keep max_steps', 'training.num_train_epochs'),
        removing(reading, 'Keep num_train_epochs', 'training.max_steps'),
      ],
    }),
  ];
}

function warmups(facts: Facts): Diagnostic[] {
  const { reading, config, max_steps } = facts;
  const { training } = config;
  const { warmup_steps, warmup_ratio, lr_scheduler_type } = training;
  const found: Diagnostic[] = [];
  if (warmup_steps !== undefined && warmup_ratio !== undefined) {
    found.push(
      finding(reading, configErrors.twoWarmups, {
        at: 'training.warmup_ratio',
        message: `The warm-up is given twice: warmup_steps ${warmup_steps} and warmup_ratio ${warmup_ratio}. Keep the one that counts.`,
        fixes: [
          removing(reading, 'Keep warmup_steps', 'training.warmup_ratio'),
          removing(reading, 'Keep warmup_ratio', 'training.warmup_steps'),
        ],
      }),
    );
  }
  const field = warmup_steps === undefined ? 'warmup_ratio' : 'warmup_steps';
  const at = `training.${field}`;
  const asked = warmup_steps ?? warmup_ratio ?? 0;
  if (asked === 0) return found;
  if (lr_scheduler_type === 'constant') {
    found.push(
      finding(reading, configErrors.unusedSetting, {
        severity: 'warning',
        at,
        message: 'The schedule `constant` has no warm-up, so this has no effect.',
        fixes: [
          setting(reading, 'Use constant_with_warmup', {
            'training.lr_scheduler_type': 'constant_with_warmup',
          }),
          removing(reading, `Remove ${field}`, at),
        ],
      }),
    );
    return found;
  }
  if (max_steps === null) return found;
  const steps = warmup(config, max_steps);
  if (steps <= max_steps / 2) return found;
  const tenth = Math.max(1, Math.round(max_steps / 10));
  const shorter = warmup_steps === undefined ? 0.1 : tenth;
  const longer = steps * 10;
  const never = steps >= max_steps;
  found.push(
    finding(reading, configErrors.warmup, {
      severity: steps > max_steps ? 'error' : 'warning',
      at,
      message: never
        ? `The warm-up of ${thousands(steps)} updates is ${steps > max_steps ? 'longer than' : 'as long as'} the run of ${thousands(max_steps)}: the learning rate never reaches its peak.`
        : `The warm-up takes ${thousands(steps)} of the run's ${thousands(max_steps)} updates; a tenth or less is usual.`,
      fixes: [
        setting(reading, `Use ${yamlNumber(shorter)}`, { [at]: shorter }),
        config.training.max_steps === undefined && config.training.num_train_epochs !== undefined
          ? null
          : warmup_steps === undefined
            ? null
            : setting(reading, `Lengthen the run to ${thousands(longer)} updates`, {
                'training.max_steps': longer,
              }),
      ],
    }),
  );
  return found;
}

function minimumRate(facts: Facts): Diagnostic[] {
  const { reading, config } = facts;
  const { min_lr, learning_rate, lr_scheduler_type } = config.training;
  if (min_lr === undefined) return [];
  const at = 'training.min_lr';
  if (lr_scheduler_type !== 'cosine_with_min_lr') {
    return [
      finding(reading, configErrors.minimumRate, {
        severity: 'warning',
        at,
        message: `The schedule \`${lr_scheduler_type}\` does not read min_lr; cosine_with_min_lr does.`,
        fixes: [
          setting(reading, 'Use cosine_with_min_lr', { 'training.lr_scheduler_type': 'cosine_with_min_lr' }),
          removing(reading, 'Remove min_lr', at),
        ],
      }),
    ];
  }
  if (min_lr < learning_rate) return [];
  const tenth = Number((learning_rate / 10).toPrecision(2));
  return [
    finding(reading, configErrors.minimumRate, {
      at,
      message: `The schedule falls from learning_rate ${yamlNumber(learning_rate)} to min_lr ${yamlNumber(min_lr)}, which is not lower.`,
      fixes: [setting(reading, `Use ${yamlNumber(tenth)}`, { [at]: tenth })],
    }),
  ];
}

function evaluations(facts: Facts): Diagnostic[] {
  const { reading, config, max_steps } = facts;
  const { eval_steps, save_steps, early_stopping_patience } = config.training;
  const found: Diagnostic[] = [];
  const length = max_steps === null ? '' : thousands(max_steps);
  const sooner = Math.max(1, Math.round((max_steps ?? STANDARD_STEPS) / 8));
  if (max_steps !== null && eval_steps > max_steps && given(facts, 'training.eval_steps')) {
    found.push(
      finding(reading, configErrors.evaluation, {
        severity: 'warning',
        at: 'training.eval_steps',
        message: `The run ends after ${length} updates, before its first evaluation at ${thousands(eval_steps)}.`,
        fixes: [setting(reading, `Use ${sooner}`, { 'training.eval_steps': sooner })],
      }),
    );
  }
  if (max_steps !== null && save_steps > max_steps && given(facts, 'training.save_steps')) {
    found.push(
      finding(reading, configErrors.saving, {
        severity: 'info',
        at: 'training.save_steps',
        message: `The run ends after ${length} updates, before its first checkpoint at ${thousands(save_steps)}; one that is cut off starts anew.`,
        fixes: [setting(reading, `Use ${sooner}`, { 'training.save_steps': sooner })],
      }),
    );
  }
  if (early_stopping_patience > 0 && (eval_steps === 0 || config.data.validation_split === 0)) {
    const reason = eval_steps === 0 ? 'eval_steps is 0' : 'validation_split is 0';
    const fix =
      eval_steps === 0
        ? setting(reading, `Use eval_steps ${sooner}`, { 'training.eval_steps': sooner })
        : setting(reading, 'Use validation_split 0.1', { 'data.validation_split': 0.1 });
    found.push(
      finding(reading, configErrors.patience, {
        severity: 'warning',
        at: 'training.early_stopping_patience',
        message: `Early stopping compares evaluations, and there are none: ${reason}.`,
        fixes: [fix, setting(reading, 'Use 0', { 'training.early_stopping_patience': 0 })],
      }),
    );
  }
  return found;
}

function numberFormat({ reading, config }: Facts): Diagnostic[] {
  if (config.training.dtype !== 'bfloat16') return [];
  return [
    finding(reading, configErrors.numberFormat, {
      at: 'training.dtype',
      message:
        'No device trains in bfloat16 yet. float16 takes as little memory, and its loss is scaled so that small gradients are kept.',
      fixes: [
        setting(reading, 'Use float16', { 'training.dtype': 'float16' }),
        setting(reading, 'Use float32', { 'training.dtype': 'float32' }),
      ],
    }),
  ];
}

/** Settings that an optimizer does not read; the others read all. */
const UNREAD: Readonly<Partial<Record<Facts['config']['training']['optim'], readonly string[]>>> = {
  sgd: ['adam_beta1', 'adam_beta2', 'adam_epsilon'],
  lion: ['adam_epsilon'],
};

function unusedByOptimizer(facts: Facts): Diagnostic[] {
  const { optim } = facts.config.training;
  const unread = (UNREAD[optim] ?? []).filter((field) => given(facts, `training.${field}`));
  return unread.map((field) =>
    finding(facts.reading, configErrors.unusedSetting, {
      severity: 'info',
      at: `training.${field}`,
      message: `The optimizer \`${optim}\` does not read ${field}.`,
      fixes: [removing(facts.reading, `Remove ${field}`, `training.${field}`)],
    }),
  );
}

function outputBiasAlone({ reading, config: { model } }: Facts): Diagnostic[] {
  if (model.model_type !== 'llama' || !model.attention_output_bias || model.attention_bias) return [];
  return [
    finding(reading, configErrors.unusedSetting, {
      severity: 'warning',
      at: 'model.attention_output_bias',
      message:
        'attention_output_bias adds a bias to those of attention_bias, which is false: there will be none.',
      fixes: [
        setting(reading, 'Use attention_bias true', { 'model.attention_bias': true }),
        removing(reading, 'Remove attention_output_bias', 'model.attention_output_bias'),
      ],
    }),
  ];
}
