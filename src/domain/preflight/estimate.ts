import { inBytes } from '../../base/units.ts';
import { memoryOfDevice } from '../../engine/training/device-memory.ts';
import { thousands } from '../config/wording.ts';
import type { Plan } from '../plan/step-plan.ts';
import type { Facts } from './facts.ts';
import type { Annotation, Estimate } from './report.ts';
import { inCounts, inTime } from './units.ts';

export const UNKNOWN: Estimate = {
  parameters: null,
  bytes: { weights: null, gradients: null, optimizer: null, activations: null, logits: null, total: null },
  flops_per_step: null,
  tokens_per_step: null,
  seconds: null,
};

/** What the run costs, from its plan. */
export function estimateOf(facts: Facts, plan: Plan | null): Estimate {
  const { tokens_per_step } = facts;
  if (plan === null || plan.issues.length > 0) return { ...UNKNOWN, tokens_per_step };
  const { parameters, bytes, flops_per_step } = plan;
  return {
    parameters,
    bytes: bytes === null ? UNKNOWN.bytes : { ...bytes },
    flops_per_step,
    tokens_per_step,
    seconds: secondsOf(facts, flops_per_step),
  };
}

/** Going forward is about a third of going forward and back (Kaplan et al., 2020: 2N against 6N FLOPs per token). */
const FORWARD_SHARE = 1 / 3;

/** The time of all updates and evaluations at the rate last measured on this device. */
function secondsOf({ config, profiles, max_steps, data, sizes }: Facts, flops: number | null): number | null {
  const { timings, device } = profiles;
  if (timings === null || flops === null || max_steps === null) return null;
  if (device !== null && timings.device !== device.name) return null;
  if (!(timings.flops_per_second > 0)) return null;
  const { eval_steps, eval_batches, gradient_accumulation_steps: passes } = config.training;
  const evaluations =
    eval_steps === 0 || config.data.validation_split === 0 ? 0 : Math.floor(max_steps / eval_steps);
  const tokensPerBatch = config.training.per_device_train_batch_size * sizes.context.value;
  const all = data.validation_tokens === null ? 0 : Math.floor(data.validation_tokens / tokensPerBatch);
  const batches = eval_batches ?? all;
  const forward = (flops / passes) * FORWARD_SHARE;
  return (max_steps * flops + evaluations * batches * forward) / timings.flops_per_second;
}

/** The figures beside the lines that they belong to. */
export function annotationsOf(facts: Facts, estimate: Estimate): Annotation[] {
  const { reading, config, sizes, data, max_steps, profile, tokens_per_step } = facts;
  const notes: Annotation[] = [];
  const note = (path: string, text: string | null, tooltip: string): void => {
    const place = reading.places.get(path);
    if (place === undefined || text === null || reading.wrong.has(path)) return;
    notes.push({ line: reading.lines.lineAt(place.entry.keyStart), text, tooltip });
  };
  const { parameters, bytes } = estimate;
  note(
    'data.source',
    profile === null ? null : `${thousands(profile.characters)} characters`,
    profile === null ? '' : `${inBytes(profile.bytes)}, sha256 ${profile.sha256.slice(0, 12)}`,
  );
  const { tokenizer_vocab_size: vocabulary, train_tokens, validation_tokens } = data;
  note(
    'data.tokenizer',
    train_tokens === null || vocabulary === null ? null : `${thousands(vocabulary)} tokens in the vocabulary`,
    train_tokens === null
      ? ''
      : `${thousands(train_tokens)} tokens to train on, ${thousands(validation_tokens ?? 0)} for validation`,
  );
  const total = bytes.total === null ? '' : `, ${inBytes(bytes.total)} to train`;
  note(
    'model',
    parameters === null ? null : `${inCounts(parameters)} parameters${total}`,
    parameters === null
      ? ''
      : `${thousands(parameters)} parameters exactly. ${memoryLabel(facts)}: ${memoryInWords(estimate)}`,
  );
  const head = sizes.width.value / sizes.heads.value;
  note(
    `model.${sizes.heads.field}`,
    Number.isInteger(head) && parameters !== null ? `${head} features per head` : null,
    `${sizes.width.field} / ${sizes.heads.field}`,
  );
  const flops = estimate.flops_per_step === null ? '' : `, ${inCounts(estimate.flops_per_step)}FLOP`;
  note(
    'training.per_device_train_batch_size',
    `${thousands(tokens_per_step)} tokens per update${flops}`,
    'sequences x passes x context, and the floating-point operations of forward, backward and update',
  );
  if (max_steps !== null) {
    const read = max_steps * tokens_per_step;
    const epochs = train_tokens === null ? '' : `, ${(read / train_tokens).toPrecision(2)} epochs`;
    const time = estimate.seconds === null ? '' : `, about ${inTime(estimate.seconds)}`;
    const at = config.training.max_steps === undefined ? 'num_train_epochs' : 'max_steps';
    const updates = at === 'max_steps' ? '' : `${thousands(max_steps)} updates, `;
    note(
      `training.${at}`,
      `${updates}${inCounts(read)} tokens${epochs}${time}`,
      `${thousands(read)} tokens in all`,
    );
  }
  return notes.sort((a, b) => a.line - b.line);
}

/** An arena is allocated as planned; a pool of the device's own is only meant to be. */
function memoryLabel({ profiles, config }: Facts): string {
  const device = profiles.device?.name ?? config.training.device;
  return memoryOfDevice(device) === 'pool' ? 'Memory as planned' : 'Memory';
}

function memoryInWords({ bytes }: Estimate): string {
  return (['weights', 'gradients', 'optimizer', 'activations', 'logits'] as const)
    .map((kind) => `${kind} ${inBytes(bytes[kind] ?? 0)}`)
    .join(', ');
}
