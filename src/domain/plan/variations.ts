import type { Config } from '../config/schema.ts';
import { sizesOf } from './model.ts';
import type { Planner } from './step-plan.ts';
import { effectiveBatch } from './training-spec.ts';

/**
 * What a config that does not fit would have to give up, found by planning smaller ones: each search
 * halves what is left, so it plans a dozen times at most.
 */

export type Changes = Readonly<Record<string, number | boolean>>;

/** The config with other values in some fields, named by dotted path. */
export function vary(config: Config, changes: Changes): Config {
  const model: Record<string, unknown> = { ...config.model };
  const training: Record<string, unknown> = { ...config.training };
  for (const [path, value] of Object.entries(changes)) {
    const [section, field = ''] = path.split('.');
    if (section === 'model') model[field] = value;
    if (section === 'training') training[field] = value;
  }
  // Only numbers are replaced by numbers, and switches by switches.
  return { ...config, model: model as Config['model'], training: training as Config['training'] };
}

const BATCH = 'training.per_device_train_batch_size';
const PASSES = 'training.gradient_accumulation_steps';

/**
 * The mildest change after which `fits` holds: a smaller batch with more accumulation (the same
 * effective batch), else a smaller batch alone, else a shorter context, else fewer layers, else a smaller
 * width, at last all of it. Null where not even that fits.
 */
export function reduce(config: Config, fits: (candidate: Config) => boolean): Changes | null {
  const effective = effectiveBatch(config);
  const { per_device_train_batch_size: batch } = config.training;
  const { context, layers, width, heads } = sizesOf(config.model);
  const batches = divisors(effective).filter((divisor) => divisor < batch);
  const smaller = batches.map((size): Changes => ({ [BATCH]: size, [PASSES]: effective / size }));
  // Sums of gradients take room of their own: where that is what is missing, the update gets smaller.
  const fewer = batches.map((size): Changes => ({ [BATCH]: size, [PASSES]: 1 }));
  const alone: Changes = { [BATCH]: 1, [PASSES]: 1 };
  const contexts = powersBelow(context.value).map(
    (length): Changes => ({ ...alone, [`model.${context.field}`]: length }),
  );
  const depths = Array.from(
    { length: layers.value - 1 },
    (_, i): Changes => ({
      ...alone,
      [`model.${layers.field}`]: layers.value - 1 - i,
    }),
  );
  const widths = halvesOf(width.value / heads.value).map(
    (size): Changes => ({ ...alone, [`model.${width.field}`]: heads.value * size }),
  );
  const all = {
    [`model.${context.field}`]: Math.min(SHORTEST, context.value),
    [`model.${layers.field}`]: 1,
  };
  const tiny = widths.map((changes): Changes => ({ ...changes, ...all }));
  for (const candidates of [smaller, fewer, contexts, depths, widths, tiny]) {
    const found = firstThatFits(candidates, (changes) => fits(vary(config, changes)));
    if (found !== null) return found;
  }
  return null;
}

/** Candidates need less and less: the first that fits, by halving. */
function firstThatFits(candidates: readonly Changes[], fits: (changes: Changes) => boolean): Changes | null {
  const last = candidates.at(-1);
  if (last === undefined || !fits(last)) return null;
  let low = 0;
  let high = candidates.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    const candidate = candidates[middle];
    if (candidate !== undefined && fits(candidate)) high = middle;
    else low = middle + 1;
  }
  return candidates[low] ?? null;
}

/** Largest first. */
function divisors(n: number): number[] {
  const small: number[] = [];
  for (let d = 1; d * d <= n; d++) if (n % d === 0) small.push(d);
  const large = small.map((d) => n / d).filter((d) => d * d > n);
  return [...large, ...small.reverse()];
}

/** Half of a head's size, and half of that, as long as it is even; rotary positions turn features in pairs. */
function halvesOf(size: number): number[] {
  const halves: number[] = [];
  for (let half = size / 2; half >= 2 && half % 2 === 0; half /= 2) halves.push(half);
  return halves;
}

/** The shortest context that is proposed. */
const SHORTEST = 16;

/** Powers of two from the largest below n down to the shortest. */
function powersBelow(n: number): number[] {
  const powers: number[] = [];
  for (let power = SHORTEST; power < n; power *= 2) powers.unshift(power);
  return powers;
}

/** Whether a candidate's plan has no issue and stays within both limits, in bytes; null is no limit. */
export function within(
  plan: Planner,
  vocab_size: number,
  memory_bytes: number | null,
  max_buffer_bytes: number | null,
): (candidate: Config) => boolean {
  return (candidate) => {
    const { bytes, largest } = plan(candidate, vocab_size);
    if (bytes === null || largest === null) return false;
    if (memory_bytes !== null && bytes.total > memory_bytes) return false;
    return max_buffer_bytes === null || largest.bytes <= max_buffer_bytes;
  };
}
