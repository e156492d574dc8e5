import { expect, test } from 'vitest';
import type { Device, Feeds, Session } from '../../device.ts';
import { initialise } from '../../models/initialise.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { gpt2Config, llamaConfig } from '../../models/testing/configs.ts';
import { FIRST_SCALE } from '../../optimizers/loss-scale.ts';
import { updateFeeds } from '../../optimizers/update.ts';
import type { ModelConfig } from '../spec.ts';
import { buildTrainingStep, type StepRequest } from '../step.ts';
import { tinySpec } from './specs.ts';

const BATCH = 2;
const CONTEXT = 8;
const UPDATES = 6;
/** The update whose gradients overflow, where one does. */
const WRONG = 3;

const requests = (model: ModelConfig): readonly (readonly [string, StepRequest])[] => {
  const request: StepRequest = {
    model,
    optimizer: tinySpec.optimizer,
    batch: BATCH,
    context: CONTEXT,
    accumulation: 1,
  };
  return [
    ['in one step', request],
    ['accumulated', { ...request, accumulation: 2 }],
    ['with activations recomputed', { ...request, gradient_checkpointing: true }],
  ];
};

interface Trained {
  readonly losses: readonly number[];
  readonly skipped: readonly number[];
  readonly scales: readonly number[];
}

async function trained(
  session: Session,
  {
    step,
    request,
    wrong,
  }: { step: ReturnType<typeof buildTrainingStep>; request: StepRequest; wrong: number | null },
  afterwards: (update: number) => Promise<void> = async () => {},
): Promise<Trained> {
  for (const spec of parameterSpecs(request.model)) await session.write(spec.name, initialise(spec, 5));
  const { update } = step;
  const first = await session.compile(update.mode === 'fused' ? update.step : update.accumulate);
  const apply = update.mode === 'fused' ? null : await session.compile(update.apply);
  const found = { losses: [] as number[], skipped: [] as number[], scales: [] as number[] };
  let made = 0;
  for (let n = 1; n <= UPDATES; n++) {
    const overflows = n === wrong;
    if (!overflows) made++;
    const hyper = updateFeeds(request.optimizer, 1e-2, made);
    let outputs = {} as Awaited<ReturnType<typeof first.run>>;
    for (let micro = 0; micro < request.accumulation; micro++) {
      const ids = Int32Array.from({ length: BATCH * CONTEXT }, (_, i) => (i * 7 + made * 3 + micro) % 11);
      const labels = ids.map((id) => (id * 3 + 1) % 11);
      const count = 1 / (BATCH * CONTEXT * request.accumulation);
      // Only the last micro-batch overflows: what was summed before it must not stay either.
      const inverse_label_count = overflows && micro === request.accumulation - 1 ? 1e38 : count;
      const feeds: Feeds = { input_ids: ids, labels, inverse_label_count, seed: n, ...hyper };
      outputs = await first.run(feeds);
    }
    if (apply !== null) outputs = await apply.run(hyper);
    if (!overflows) found.losses.push(outputs.loss?.[0] ?? Number.NaN);
    found.skipped.push(outputs.skipped?.[0] ?? 0);
    found.scales.push(outputs.loss_scale?.[0] ?? 1);
    await afterwards(n);
  }
  return found;
}

/**
 * On any device: a step with loss scaling trains as one without, to what halves are good for; one whose
 * gradients overflow changes nothing but the scale, and training goes on as if it had not been.
 */
export function scaledStepAcceptance(name: string, open: () => Promise<Device>): void {
  const models = [
    ['gpt2', gpt2Config({ vocab_size: 11, n_positions: CONTEXT })],
    ['llama', llamaConfig({ vocab_size: 11, max_position_embeddings: CONTEXT })],
  ] as const;
  for (const [type, model] of models) {
    test.each(requests(model))(
      `${name}: ${type} %s trains in float16 as in float32, and steps over what overflows`,
      async (_, request) => {
        const device = await open();
        try {
          const plain = buildTrainingStep(request);
          const half = buildTrainingStep({ ...request, dtype: 'float16' });
          const run = async (
            step: typeof plain,
            wrong: number | null,
            afterwards?: (session: Session) => (update: number) => Promise<void>,
          ) => {
            const session = await device.open(step.state);
            try {
              return await trained(session, { step, request, wrong }, afterwards?.(session));
            } finally {
              session.dispose();
            }
          };
          const wanted = await run(plain, null);
          const scaled = await run(half, null);
          expect(scaled.skipped).toEqual(new Array(UPDATES).fill(0));
          for (const [i, loss] of scaled.losses.entries()) {
            expect(Math.abs(loss / (wanted.losses[i] as number) - 1)).toBeLessThan(1e-2);
          }
          const kept: (readonly [string, readonly number[]])[][] = [];
          const over = await run(half, WRONG, (session) => async (update) => {
            if (update !== WRONG && update !== WRONG - 1) return;
            const names = half.state.filter(({ kind }) => kind !== 'cache').map((spec) => spec.name);
            const rest = names.filter((key) => key !== 'loss_scale' && key !== 'good_steps');
            kept.push(
              await Promise.all(rest.map(async (key) => [key, [...(await session.read(key))]] as const)),
            );
          });
          expect(over.skipped).toEqual([0, 0, 1, 0, 0, 0]);
          const [before, after] = [FIRST_SCALE, FIRST_SCALE / 2];
          expect(over.scales).toEqual([before, before, before, after, after, after]);
          expect(kept[1]).toEqual(kept[0]);
          for (const [i, loss] of over.losses.entries()) {
            expect(Math.abs(loss / (wanted.losses[i] as number) - 1)).toBeLessThan(1e-2);
          }
        } finally {
          device.dispose();
        }
      },
      300_000,
    ); // compiling for a GPU that is emulated takes its time
  }
}
