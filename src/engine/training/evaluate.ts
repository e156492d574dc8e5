import type { Device } from '../device.ts';
import type { StateSpec } from '../graph/ir.ts';
import { parameterSpecs } from '../models/parameters.ts';
import type { Batch, Tokens } from './batches.ts';
import { trainingErrors } from './errors.ts';
import type { ModelConfig } from './spec.ts';
import { buildEvaluate, IGNORE_INDEX } from './step.ts';

export interface Evaluation {
  /** Mean cross-entropy in nats over the tokens that were predicted. */
  readonly loss: number;
  readonly tokens: number;
  readonly batches: number;
}

export interface EvaluationSizes {
  readonly batch: number;
  readonly context: number;
}

/** Batches that cover `tokens` once. */
export function evaluationBatches(tokens: number, { batch, context }: EvaluationSizes): number {
  return Math.ceil(Math.ceil(Math.max(0, tokens - 1) / context) / batch);
}

/**
 * Batch `index` of a text read once from start to end in neighbouring blocks. What is beyond the end is
 * filled with labels that do not count.
 */
export function evaluationBatch(
  tokens: Tokens,
  index: number,
  { batch, context }: EvaluationSizes,
): Batch & { readonly count: number } {
  const input_ids = new Int32Array(batch * context);
  const labels = new Int32Array(batch * context).fill(IGNORE_INDEX);
  let count = 0;
  for (let row = 0; row < batch; row++) {
    const start = (index * batch + row) * context;
    const n = Math.min(context, tokens.length - 1 - start);
    if (n <= 0) break;
    input_ids.set(tokens.subarray(start, start + n), row * context);
    labels.set(tokens.subarray(start + 1, start + 1 + n), row * context);
    count += n;
  }
  return { input_ids, labels, count };
}

/**
 * The loss over a whole text, or over `limit` batches spread evenly over it. `lossSum` runs the evaluate
 * program. Null where `interrupted` said so before the end. Throws ANN-TRN-011 for less than 2 tokens.
 */
export async function lossOver(
  tokens: Tokens,
  sizes: EvaluationSizes,
  lossSum: (batch: Batch) => Promise<number>,
  options: {
    readonly limit?: number | null;
    /** Called before each batch; the place to let messages in. */
    readonly interrupted?: () => boolean | Promise<boolean>;
  } = {},
): Promise<Evaluation | null> {
  const all = evaluationBatches(tokens.length, sizes);
  if (all === 0) {
    throw trainingErrors.noValidation({ message: `${tokens.length} tokens cannot be evaluated on.` });
  }
  const batches = Math.min(all, options.limit ?? all);
  let sum = 0;
  let count = 0;
  for (let i = 0; i < batches; i++) {
    if (await options.interrupted?.()) return null;
    const batch = evaluationBatch(tokens, Math.floor((i * all) / batches), sizes);
    sum += await lossSum(batch);
    count += batch.count;
  }
  return { loss: sum / count, tokens: count, batches };
}

/** The loss of a finished model over a text. Throws ANN-DEV errors. */
export async function evaluateModel(
  device: Device,
  model: ModelConfig,
  read: (name: string) => Promise<Float32Array>,
  tokens: Tokens,
  sizes: EvaluationSizes,
): Promise<Evaluation> {
  const session = await device.open(parameterState(model));
  try {
    for (const { name } of parameterSpecs(model)) await session.write(name, await read(name));
    const program = await session.compile(buildEvaluate({ model, ...sizes }));
    const done = await lossOver(tokens, sizes, async ({ input_ids, labels }) => {
      const { loss_sum } = await program.run({ input_ids, labels });
      return loss_sum?.[0] ?? Number.NaN;
    });
    if (!done) throw trainingErrors.unexpected();
    return done;
  } finally {
    session.dispose();
  }
}

/** The state of a model that is not trained. */
export function parameterState(model: ModelConfig): StateSpec[] {
  return parameterSpecs(model).map(({ name, shape }) => ({ name, shape, dtype: 'f32', kind: 'parameter' }));
}
