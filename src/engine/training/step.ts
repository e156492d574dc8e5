import { gradients } from '../graph/autodiff.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Dim, ShapeIssue } from '../graph/dim.ts';
import { formatDim, multiply } from '../graph/dim.ts';
import { add, constant, mul, reduceSum, reshape } from '../graph/emit.ts';
import { graphErrors } from '../graph/errors.ts';
import { countFlops } from '../graph/flops.ts';
import type { Node, Program, StateSpec } from '../graph/ir.ts';
import type { MemoryBytes } from '../graph/memory-plan.ts';
import { simplify } from '../graph/simplify.ts';
import type { Forward } from '../models/forward.ts';
import { buildForward, hasDropout, maxPositions } from '../models/forward.ts';
import type { SymbolicParameter } from '../models/parameter.ts';
import { lossScale } from '../optimizers/loss-scale.ts';
import { buildUpdate } from '../optimizers/update.ts';
import { type DeviceMemory, trainingMemory } from './device-memory.ts';
import type { ModelConfig, OptimizerConfig } from './spec.ts';

export const IGNORE_INDEX = -100;
/** State that holds a parameter's gradient while micro-batches are summed: this and the parameter's name. */
export const ACCUMULATOR = 'grad.';
const LOSS_SUM = 'loss_sum';

export interface StepRequest {
  readonly model: ModelConfig;
  readonly optimizer: OptimizerConfig;
  /** Sequences per run of a program. */
  readonly batch: number;
  /** Tokens per sequence. */
  readonly context: number;
  /** Runs whose gradients are summed for one update. */
  readonly accumulation: number;
  /**
   * Computes the inside of each transformer block again in the backward pass, from the block's input,
   * rather than keeping it: the same losses and gradients with less memory and about a third more FLOPs.
   * False where it is not said.
   */
  readonly gradient_checkpointing?: boolean;
  /**
   * 'float16': what is computed on the way may be stored as halves, and the loss is scaled for it. State,
   * arithmetic, loss and norm stay f32. float32 where it is not said.
   */
  readonly dtype?: 'float16' | undefined;
  /** Of the device that `memory` is planned for; 'program' where it is not said. */
  readonly device_memory?: DeviceMemory;
}

/** How an update is made. All take input_ids and labels i32 [batch, context], seed i32 [] where the model has dropout. */
export type UpdatePrograms =
  /** Inputs besides: inverse_label_count f32 [], and those of `updateFeeds`. Outputs: loss, and those of `buildUpdate`. */
  | { readonly mode: 'fused'; readonly step: Program }
  | {
      readonly mode: 'accumulated';
      /** One per micro-batch; inverse_label_count is of the whole effective batch. No outputs. */
      readonly accumulate: Program;
      /** After the last: takes only `updateFeeds`; outputs loss (the sum) and those of `buildUpdate`; zeroes the accumulators. */
      readonly apply: Program;
    };

export interface StepPlan {
  /** Shapes that do not fit; where there are any, the rest is null. */
  readonly issues: readonly ShapeIssue[];
  readonly memory: MemoryBytes | null;
  /** For one update, all micro-batches of it. */
  readonly flops: number | null;
  readonly state: readonly StateSpec[] | null;
  readonly update: UpdatePrograms | null;
}

export interface TrainingStep {
  readonly state: readonly StateSpec[];
  readonly update: UpdatePrograms;
  /** input_ids, labels -> loss_sum []: over labels that count; the host divides by how many there are. No dropout. */
  readonly evaluate: Program;
  /** input_ids -> logits [batch, context, vocab]. */
  readonly logits: Program;
  readonly memory: MemoryBytes;
  readonly flops: number;
}

/** What pre-flight needs: the very graph that would train, its issues, memory and FLOPs, without a device. */
export function planTrainingStep(request: StepRequest): StepPlan {
  const built = request.accumulation > 1 ? accumulated(request) : fused(request);
  if (built.update === null) return { ...built, memory: null, flops: null, state: null };
  const { update, state, issues } = built;
  const [programs, flops] =
    update.mode === 'fused'
      ? [[update.step], countFlops(update.step)]
      : [
          [update.accumulate, update.apply],
          countFlops(update.accumulate) * request.accumulation + countFlops(update.apply),
        ];
  const memory = trainingMemory(request.model, state, programs, request.device_memory ?? 'program');
  return { issues, update, state, flops, memory };
}

/** Everything that a run needs. Throws ANN-GRF-003 where shapes do not fit; `planTrainingStep` says how. */
export function buildTrainingStep(request: StepRequest): TrainingStep {
  const plan = planTrainingStep(request);
  const { state, update, memory, flops } = plan;
  if (state === null || update === null || memory === null || flops === null) throw unsound(plan.issues);
  return { state, update, memory, flops, evaluate: buildEvaluate(request), logits: buildLogits(request) };
}

type Sizes = Pick<StepRequest, 'model' | 'batch' | 'context' | 'dtype'>;

/** input_ids, labels -> loss_sum []. */
export function buildEvaluate(sizes: Sizes): Program {
  const start = forward(sizes, false);
  return sound(start, 'evaluate', { loss_sum: lossSum(start) });
}

/** input_ids -> logits [batch, context, vocab]. */
export function buildLogits(sizes: Sizes): Program {
  const start = forward(sizes, false);
  return sound(start, 'logits', { logits: perToken(start) });
}

/**
 * For verification: input_ids, labels, inverse_label_count -> logits, loss and every parameter's gradient
 * before clipping, as `grad.` and its name. No dropout.
 */
export function buildGradients(sizes: Sizes): Program {
  const start = forward(sizes, false);
  const loss = meanLoss(start);
  const outputs: Record<string, Node> = { logits: perToken(start), loss };
  const wanted = parameterNodes(start);
  gradients(start.g, loss, wanted).forEach((gradient, i) => {
    outputs[`${ACCUMULATOR}${start.parameters[i]?.name}`] = gradient;
  });
  return sound(start, 'gradients', outputs);
}

interface Start extends Forward {
  readonly g: GraphBuilder;
  readonly batch: Dim;
  readonly time: Dim;
  readonly dtype: StepRequest['dtype'];
  /** What the summed loss is multiplied by for gradients where it is scaled; null where it is not. */
  readonly scaled_weight: Node | null;
}

interface Built {
  readonly issues: readonly ShapeIssue[];
  readonly state: readonly StateSpec[];
  readonly update: UpdatePrograms | null;
}

function fused(request: StepRequest): Built {
  const start = forward(request, true);
  const { g } = start;
  const { loss, found } = lossAndGradients(start, request);
  if (g.issues.length > 0) return { issues: g.issues, state: g.states, update: null };
  const { dtype } = request;
  const options = { loss_scaling: dtype === 'float16' };
  const { outputs, updates } = buildUpdate(g, request.optimizer, start.parameters, found, options);
  const step = simplify(g.program('step', { outputs: { loss, ...outputs }, updates, dtype }));
  return { issues: g.issues, state: g.states, update: { mode: 'fused', step } };
}

/** The mean loss, and its gradient by every parameter, in order; by the scaled loss where it is scaled. */
function lossAndGradients(start: Start, { gradient_checkpointing }: StepRequest) {
  const { g, scaled_weight, blocks } = start;
  const total = lossSum(start);
  const loss = mul(g, total, labelWeight(g));
  if (g.issues.length > 0) return { loss, found: [] };
  const target = scaled_weight === null ? loss : mul(g, total, scaled_weight);
  const recomputed = gradient_checkpointing === true ? blocks : [];
  return { loss, found: gradients(g, target, parameterNodes(start), recomputed) };
}

function accumulated(request: StepRequest): Built {
  const start = forward(request, true);
  const { g, parameters } = start;
  const { loss, found } = lossAndGradients(start, request);
  if (g.issues.length > 0) return { issues: g.issues, state: g.states, update: null };
  const sums: Record<string, Node> = {};
  found.forEach((gradient, i) => {
    const { name, dims } = parameters[i] as SymbolicParameter;
    const sum = add(g, g.state(`${ACCUMULATOR}${name}`, dims, 'gradient'), gradient);
    sums[`${ACCUMULATOR}${name}`] = g.mark(sum, 'gradients');
  });
  sums[LOSS_SUM] = add(g, g.state(LOSS_SUM, [], 'gradient'), loss);
  const accumulate = simplify(g.program('accumulate', { outputs: {}, updates: sums, dtype: request.dtype }));

  const after = new GraphBuilder();
  const totals = parameters.map(({ name, dims }) => after.state(`${ACCUMULATOR}${name}`, dims, 'gradient'));
  const total = after.state(LOSS_SUM, [], 'gradient');
  const { outputs, updates } = buildUpdate(after, request.optimizer, parameters, totals, {
    loss_scaling: request.dtype === 'float16',
  });
  const zeroed: Record<string, Node> = { ...updates, [LOSS_SUM]: constant(after, 0) };
  for (const { name, dims } of parameters) zeroed[`${ACCUMULATOR}${name}`] = constant(after, 0, dims);
  const apply = simplify(after.program('apply', { outputs: { loss: total, ...outputs }, updates: zeroed }));

  const known = new Set(g.states.map((spec) => spec.name));
  const state = [...g.states, ...after.states.filter((spec) => !known.has(spec.name))];
  return { issues: g.issues, state, update: { mode: 'accumulated', accumulate, apply } };
}

function forward({ model, batch, context, dtype }: Sizes, training: boolean): Start {
  const g = new GraphBuilder();
  const positions = model.model_type === 'gpt2' ? 'n_positions' : 'max_position_embeddings';
  const size = g.field('per_device_train_batch_size', batch);
  const time = g.field(context === maxPositions(model) ? positions : 'context', context);
  const input_ids = g.input('input_ids', [size, time], 'i32');
  // Before all else: the loss and its gradient are one pass where this is known by then.
  const scaled_weight = training && dtype === 'float16' ? mul(g, labelWeight(g), lossScale(g)) : null;
  const seed = training && hasDropout(model) ? g.input('seed', [], 'i32') : null;
  const built = buildForward(g, model, { input_ids, batch: size, time, mode: { type: 'sequence', seed } });
  return { g, batch: size, time, dtype, scaled_weight, ...built };
}

/** Cross-entropy summed over labels that count, []. */
function lossSum({ g, logits, batch, time }: Start): Node {
  const labels = reshape(g, g.input('labels', [batch, time], 'i32'), [multiply(batch, time)]);
  return g.within('loss', () => {
    const losses = g.node('cross_entropy', [logits, labels], { ignore_index: IGNORE_INDEX });
    return reduceSum(g, losses, [0]);
  });
}

function meanLoss(start: Start): Node {
  return mul(start.g, lossSum(start), labelWeight(start.g));
}

/** The host counts the labels of the effective batch, so that micro-batches add up to its mean. */
function labelWeight(g: GraphBuilder): Node {
  return g.input('inverse_label_count', [], 'f32');
}

function perToken({ g, logits, batch, time }: Start): Node {
  return reshape(g, logits, [batch, time, logits.dims[1] as Dim]);
}

function parameterNodes({ g, parameters }: Start): Node[] {
  return parameters.map(({ name, dims }) => g.state(name, dims, 'parameter'));
}

function sound({ g, dtype }: Start, name: string, outputs: Readonly<Record<string, Node>>): Program {
  if (g.issues.length > 0) throw unsound(g.issues);
  return simplify(g.program(name, { outputs, dtype }));
}

function unsound(issues: readonly ShapeIssue[]) {
  return graphErrors.unsound({
    message: issues
      .map(
        ({ left, right, because }) =>
          `${formatDim(left)} = ${left.value}, ${formatDim(right)} = ${right.value}: ${because.join('; ')}`,
      )
      .join('. '),
  });
}
