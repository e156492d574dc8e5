import type { ErrorFacts } from '../../base/error.ts';
import type { Device } from '../device.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { trainingErrors } from './errors.ts';
import type { CheckpointFacts, TrainingHashes } from './progress.ts';
import type { TrainingSpec } from './spec.ts';

/**
 * Whether a run may go on from this checkpoint. Refuses other data, another tokenizer and a model or
 * optimizer, or a dtype, whose state would not fit (ANN-TRN-005, 006); returns notices for what may differ but makes the
 * curve another one.
 */
export function checkResume(
  facts: CheckpointFacts,
  now: {
    readonly spec: TrainingSpec;
    readonly hashes: TrainingHashes;
    readonly tokens: CheckpointFacts['tokens'];
    readonly device: Device;
  },
): readonly ErrorFacts[] {
  for (const what of ['data', 'tokenizer'] as const) {
    if (facts.hashes[what] !== now.hashes[what]) {
      throw trainingErrors.otherData({
        message: `The run was trained on ${what === 'data' ? 'a text' : 'a tokenizer'} with the hash ${facts.hashes[what]}; now it is ${now.hashes[what]}.`,
        where: what === 'data' ? 'data.source' : 'data.tokenizer',
        data: { before: facts.hashes[what], now: now.hashes[what] },
      });
    }
  }
  for (const part of ['train', 'validation'] as const) {
    if (facts.tokens[part] !== now.tokens[part]) {
      throw trainingErrors.otherData({
        message: `The ${part} part had ${facts.tokens[part]} tokens when the run was cut off; now it has ${now.tokens[part]}.`,
        where: 'data.validation_split',
        fix: 'Put back the validation_split that the run started with, or start a new run: what was held back must not be trained on.',
        data: { before: facts.tokens, now: now.tokens },
      });
    }
  }
  if (layoutOf(facts.spec) !== layoutOf(now.spec)) {
    const changed = changes({ ...facts.spec.model }, { ...now.spec.model }, 'model');
    if (facts.spec.optimizer.optim !== now.spec.optimizer.optim) changed.push('training.optim');
    if (facts.spec.dtype !== now.spec.dtype) changed.push('training.dtype');
    throw trainingErrors.otherRun({
      message: `The checkpoint does not fit the config: ${changed.join(', ')} changed since.`,
      where: changed[0] ?? 'model',
      data: { changed },
    });
  }
  const notices: ErrorFacts[] = [];
  const changed = changes({ ...facts.spec }, { ...now.spec }, '').filter((name) => name !== 'sampling');
  if (changed.length > 0) {
    notices.push(
      trainingErrors
        .settingsChanged({
          message: `The run goes on at update ${facts.progress.step} with other settings: ${changed.join(', ')}.`,
          data: { changed },
        })
        .toJSON(),
    );
  }
  if (facts.device !== now.device.info.name) {
    notices.push(
      trainingErrors
        .deviceChanged({
          message: `The run was on ${facts.device} up to update ${facts.progress.step} and goes on on ${now.device.info.name}.`,
          data: { before: facts.device, now: now.device.info.name },
        })
        .toJSON(),
    );
  }
  return notices;
}

/** What the tensors of a checkpoint depend on. Dropout and the initial range may change, shapes may not. */
function layoutOf({ model, optimizer, dtype }: TrainingSpec): string {
  const parameters = parameterSpecs(model).map(({ name, shape }) => [name, ...shape]);
  const heads =
    model.model_type === 'gpt2'
      ? [model.n_head, model.activation_function]
      : [model.num_attention_heads, model.num_key_value_heads, model.rope_theta];
  return JSON.stringify([model.model_type, heads, parameters, optimizer.optim, dtype ?? 'float32']);
}

function changes(
  before: Readonly<Record<string, unknown>>,
  now: Readonly<Record<string, unknown>>,
  prefix: string,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(now)]);
  return [...names]
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(now[name]))
    .map((name) => (prefix === '' ? name : `${prefix}.${name}`));
}
