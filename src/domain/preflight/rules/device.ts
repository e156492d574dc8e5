import { inBytes } from '../../../base/units.ts';
import { memoryOfDevice } from '../../../engine/training/device-memory.ts';
import { configErrors } from '../../config/errors.ts';
import type { Config } from '../../config/schema.ts';
import { getAt } from '../../config/values.ts';
import { thousands } from '../../config/wording.ts';
import type { Plan, Planner } from '../../plan/step-plan.ts';
import { type Changes, reduce, vary, within } from '../../plan/variations.ts';
import { type Facts, finding, setting } from '../facts.ts';
import type { Diagnostic, Fix } from '../report.ts';

const BATCH = 'training.per_device_train_batch_size';

/** The plan against the limits of the device. Limits that are not known are not judged. */
export function deviceRules(facts: Facts, plan: Plan, planner: Planner, vocab_size: number): Diagnostic[] {
  return [...otherDevice(facts), ...storage(facts), ...limits(facts, plan, planner, vocab_size)];
}

function otherDevice({ reading, config, profiles }: Facts): Diagnostic[] {
  const { device } = config.training;
  const seen = profiles.device;
  if (seen === null || device === 'auto' || device === seen.name) return [];
  return [
    finding(reading, configErrors.otherDevice, {
      severity: 'info',
      at: 'training.device',
      message: `The config asks for ${device}; what is said about memory and time is for ${seen.name} (${seen.description}).`,
      fixes: [
        setting(reading, 'Use auto', { 'training.device': 'auto' }),
        setting(reading, `Use ${seen.name}`, { 'training.device': seen.name }),
      ],
    }),
  ];
}

/** Where it is known which device it will be, and that one has no halves. */
function storage({ reading, config, profiles }: Facts): Diagnostic[] {
  const { dtype, device: asked } = config.training;
  const device = asked === 'auto' ? profiles.device?.name : asked;
  if (dtype !== 'float16' || device === undefined || memoryOfDevice(device) === 'halves') return [];
  return [
    finding(reading, configErrors.storedWide, {
      severity: 'info',
      at: 'training.dtype',
      message: `float16 is stored as float32 on ${device}: the run trains as well and takes as much memory as float32.`,
      fixes: [setting(reading, 'Use float32', { 'training.dtype': 'float32' })],
    }),
  ];
}

function limits(facts: Facts, plan: Plan, planner: Planner, vocab_size: number): Diagnostic[] {
  const { reading, config, profiles } = facts;
  const { bytes, largest } = plan;
  if (profiles.device === null || bytes === null || largest === null) return [];
  const { memory_bytes, max_buffer_bytes } = profiles.device.limits;
  const { name } = profiles.device;
  const over = memory_bytes !== null && bytes.total > memory_bytes;
  const wide = max_buffer_bytes !== null && largest.bytes > max_buffer_bytes;
  if (!over && !wide) return [];
  const fits = within(planner, vocab_size, memory_bytes, max_buffer_bytes);
  const least = reduce(config, fits);
  const changes = least === null ? null : neededOf(facts, least);
  const again = over ? recomputing(facts, plan, planner, vocab_size, fits, changes) : null;
  const smaller = changes === null ? null : fixOf(facts, changes);
  const fixes =
    again !== null && changesModel(changes) ? [again.fix, smaller] : [smaller, again?.fix ?? null];
  const advice =
    changes === null
      ? `Not even one narrow layer with a batch of 1 fits: lower the vocabulary of ${thousands(vocab_size)}, or the feed-forward width.`
      : adviceOf(changes).replace('it', 'It');
  const found: Diagnostic[] = [];
  if (over) {
    const { weights, gradients, optimizer, activations, logits, total } = bytes;
    found.push(
      finding(reading, configErrors.memory, {
        at: reading.places.has(BATCH) ? BATCH : 'model',
        message: `The run needs ${inBytes(total)} and ${name} has ${inBytes(memory_bytes)}: ${inBytes(total - memory_bytes)} too much. ${advice}${again === null ? '' : ` ${again.advice}`}`,
        because: [
          `weights ${inBytes(weights)}, gradients ${inBytes(gradients)}, optimizer ${inBytes(optimizer)}, activations ${inBytes(activations)}, logits ${inBytes(logits)}${memoryOfDevice(name) === 'pool' ? ' (planned)' : ''}`,
        ],
        fixes,
      }),
    );
  }
  if (wide) {
    found.push(
      finding(reading, configErrors.bufferSize, {
        at: bufferField(facts, largest.fields),
        message: `A tensor of ${largest.scope} takes ${inBytes(largest.bytes)} in one piece; ${name} allows ${inBytes(max_buffer_bytes)}. ${advice}`,
        because: [`its shape is ${largest.shape}, ${thousands(largest.bytes / 4)} numbers of 4 bytes`],
        fixes,
      }),
    );
  }
  return found;
}

const RECOMPUTE = 'training.gradient_checkpointing';

/**
 * What recomputing activations would do, where the run fits with that alone, or with a smaller batch where
 * it otherwise fits only as another model.
 */
function recomputing(
  facts: Facts,
  { bytes, flops_per_step }: Plan,
  planner: Planner,
  vocab_size: number,
  fits: (candidate: Config) => boolean,
  otherwise: Changes | null,
): { readonly fix: Fix | null; readonly advice: string } | null {
  const { config } = facts;
  if (config.training.gradient_checkpointing) return null;
  const changed = vary(config, { [RECOMPUTE]: true });
  const found = planner(changed, vocab_size);
  if (bytes === null || found.bytes === null || flops_per_step === null || found.flops_per_step === null)
    return null;
  let changes: Changes | null = fits(changed) ? {} : null;
  if (changes === null && changesModel(otherwise)) {
    const least = reduce(changed, fits);
    changes = least === null || changesModel(least) ? null : neededOf(facts, least);
  }
  if (changes === null) return null;
  const saved = inBytes(bytes.total - found.bytes.total);
  const cost = Math.round(100 * (found.flops_per_step / flops_per_step - 1));
  const rest =
    Object.keys(changes).length === 0
      ? 'that alone is enough'
      : `with that ${adviceOf(changes).slice(0, -1)}`;
  return {
    fix: fixOf(facts, { [RECOMPUTE]: true, ...changes }),
    advice: `Recomputing activations (gradient_checkpointing) saves ${saved} for ${cost}% more work; ${rest}.`,
  };
}

/** Whether the model would be another one; null is: nothing fits. */
function changesModel(changes: Changes | null): boolean {
  return changes === null || Object.keys(changes).some((path) => path.startsWith('model.'));
}

/** The batch where the tensor grows with it, else the first field in the text that it grows with. */
function bufferField({ reading }: Facts, fields: readonly string[]): string {
  if (fields.includes('per_device_train_batch_size') && reading.places.has(BATCH)) return BATCH;
  return fields.map((field) => `model.${field}`).find((path) => reading.places.has(path)) ?? 'model';
}

function adviceOf(changes: Changes): string {
  const parts = Object.entries(changes).map(([path, value]) => `${path.split('.').at(-1)} ${value}`);
  const last = parts.pop() ?? '';
  return `it fits with ${parts.length === 0 ? last : `${parts.join(', ')} and ${last}`}.`;
}

/** Those that change anything. */
function neededOf({ config }: Facts, changes: Changes): Changes {
  const needed = Object.entries(changes).filter(([path, value]) => getAt(config, path.split('.')) !== value);
  return Object.fromEntries(needed);
}

function fixOf({ reading }: Facts, changes: Changes): Fix | null {
  const title = Object.entries(changes).map(([path, value]) => `${path.split('.').at(-1)} ${value}`);
  return setting(reading, `Use ${title.join(', ')}`, changes);
}
