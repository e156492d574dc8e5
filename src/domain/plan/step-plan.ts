import { formatDim, type ShapeIssue, symbolsOf } from '../../engine/graph/dim.ts';
import type { Program } from '../../engine/graph/ir.ts';
import { byteLength, type MemoryBytes } from '../../engine/graph/memory-plan.ts';
import { sizeOf } from '../../engine/graph/sizes.ts';
import type { DeviceMemory } from '../../engine/training/device-memory.ts';
import { planTrainingStep, type StepPlan } from '../../engine/training/step.ts';
import type { Config } from '../config/schema.ts';
import { sizesOf, toModelConfig } from './model.ts';
import { toOptimizer, toStorage } from './training-spec.ts';

/** What is known of the step that a config would train with. Null where shapes do not fit. */
export interface Plan {
  readonly issues: readonly ShapeIssue[];
  readonly parameters: number | null;
  readonly bytes: MemoryBytes | null;
  /** Floating-point operations of one update, all its passes together. */
  readonly flops_per_step: number | null;
  readonly largest: LargestTensor | null;
}

export interface LargestTensor {
  readonly bytes: number;
  /** The module or the parameter, in Hugging Face's naming. */
  readonly scope: string;
  /** Such as "[per_device_train_batch_size * n_positions, vocab_size]". */
  readonly shape: string;
  /** Config fields that its size comes from. */
  readonly fields: readonly string[];
}

/** Plans a config's training step: the very graph that would train, without a device. `memory`: 'pool' where it is not said. */
export type Planner = (config: Config, vocab_size: number, memory?: DeviceMemory) => Plan;

export const planStep: Planner = (config, vocab_size, memory = 'pool') => {
  const { training } = config;
  const plan = planTrainingStep({
    model: toModelConfig(config.model, vocab_size),
    optimizer: toOptimizer(config),
    batch: training.per_device_train_batch_size,
    context: sizesOf(config.model).context.value,
    accumulation: training.gradient_accumulation_steps,
    gradient_checkpointing: training.gradient_checkpointing,
    ...toStorage(config),
    device_memory: memory,
  });
  return {
    issues: plan.issues,
    parameters: parameterCount(plan),
    bytes: plan.memory,
    flops_per_step: plan.flops,
    largest: largestTensor(plan),
  };
};

/** A planner that remembers its last plans: pure, since equal inputs have equal plans. */
export function createPlanner(plan: Planner = planStep, most = 32): Planner {
  const known = new Map<string, Plan>();
  return (config, vocab_size, memory = 'pool') => {
    const { training } = config;
    const { per_device_train_batch_size, gradient_accumulation_steps, gradient_checkpointing } = training;
    const sizes = [vocab_size, per_device_train_batch_size, gradient_accumulation_steps];
    const ways = [gradient_checkpointing, training.dtype, memory];
    const key = JSON.stringify([config.model, toOptimizer(config), sizes, ways]);
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = plan(config, vocab_size, memory);
    const oldest = known.keys().next().value;
    if (known.size >= most && oldest !== undefined) known.delete(oldest);
    known.set(key, made);
    return made;
  };
}

function parameterCount({ state }: StepPlan): number | null {
  if (state === null) return null;
  let total = 0;
  for (const { kind, shape } of state) {
    if (kind === 'parameter') total += sizeOf(shape);
  }
  return total;
}

function largestTensor({ update }: StepPlan): LargestTensor | null {
  if (update === null) return null;
  const programs: readonly Program[] =
    update.mode === 'fused' ? [update.step] : [update.accumulate, update.apply];
  let most = -1;
  let largest: Program['nodes'][number] | undefined;
  for (const { nodes } of programs) {
    for (const node of nodes) {
      const bytes = byteLength(node);
      if (bytes > most) [most, largest] = [bytes, node];
    }
  }
  if (largest === undefined) return null;
  const dims = largest.dims ?? [];
  return {
    bytes: most,
    scope: largest.op === 'state' ? largest.attributes.name : largest.scope,
    shape: `[${dims.map(formatDim).join(', ')}]`,
    fields: [...new Set(dims.flatMap(symbolsOf))],
  };
}
