import { expect, test } from 'vitest';
import type { Device, Feeds, Session } from '../../device.ts';
import { initialise } from '../../models/initialise.ts';
import { parameterSpecs } from '../../models/parameters.ts';
import { gpt2Config, llamaConfig } from '../../models/testing/configs.ts';
import { FIRST_SCALE } from '../../optimizers/loss-scale.ts';
import { updateFeeds } from '../../optimizers/update.ts';
import { buildTrainingStep, type StepRequest, type TrainingStep } from '../step.ts';
import { tinySpec } from './specs.ts';

const BATCH = 2;
const CONTEXT = 8;
const UPDATES = 6;
/** The update whose gradients overflow, where one does. */
const WRONG = 3;

const gpt2 = gpt2Config({ vocab_size: 11, n_positions: CONTEXT });
const llama = llamaConfig({ vocab_size: 11, max_position_embeddings: CONTEXT });
const SIZES = { optimizer: tinySpec.optimizer, batch: BATCH, context: CONTEXT };

const REQUESTS: readonly (readonly [string, StepRequest])[] = [
  ['gpt2 in one step', { ...SIZES, model: gpt2, accumulation: 1 }],
  ['gpt2 accumulated', { ...SIZES, model: gpt2, accumulation: 2 }],
  ['llama that recomputes', { ...SIZES, model: llama, accumulation: 1, gradient_checkpointing: true }],
];

interface Trained {
  readonly losses: readonly number[];
  readonly skipped: readonly number[];
  readonly scales: readonly number[];
}

/** The programs of a step in a session, to be trained with more than once. */
async function compiled(session: Session, { state, update }: TrainingStep, request: StepRequest) {
  const first = await session.compile(update.mode === 'fused' ? update.step : update.accumulate);
  const apply = update.mode === 'fused' ? null : await session.compile(update.apply);
  return async (
    wrong: number | null,
    afterwards: (update: number) => Promise<void> = async () => {},
  ): Promise<Trained> => {
    for (const { name, shape } of state)
      await session.write(name, new Float32Array(shape.reduce((a, b) => a * b, 1)));
    for (const spec of parameterSpecs(request.model)) await session.write(spec.name, initialise(spec, 5));
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
  };
}

/**
 * On any device: a step with loss scaling trains as one without, to what halves are good for; one whose
 * gradients overflow changes nothing but the scale, and training goes on as if it had not been.
 */
export function scaledStepAcceptance(name: string, open: () => Promise<Device>): void {
  test.each(REQUESTS)(
    `${name}: %s trains in float16 as in float32, and steps over what overflows`,
    async (_, request) => {
      const device = await open();
      const close = (a: readonly number[], b: readonly number[]): void => {
        expect(a).toHaveLength(b.length);
        for (const [i, loss] of a.entries()) expect(Math.abs(loss / (b[i] as number) - 1)).toBeLessThan(1e-2);
      };
      try {
        const plain = buildTrainingStep(request);
        const single = await device.open(plain.state);
        const wanted = await (await compiled(single, plain, request))(null);
        single.dispose();

        const scaled = buildTrainingStep({ ...request, dtype: 'float16' });
        const session = await device.open(scaled.state);
        const run = await compiled(session, scaled, request);
        const good = await run(null);
        expect(good.skipped).toEqual(new Array(UPDATES).fill(0));
        close(good.losses, wanted.losses);

        const kept: unknown[] = [];
        const rest = scaled.state.filter((spec) => spec.name !== 'loss_scale' && spec.name !== 'good_steps');
        const over = await run(WRONG, async (update) => {
          if (update !== WRONG && update !== WRONG - 1) return;
          kept.push(
            await Promise.all(rest.map(async (spec) => [spec.name, [...(await session.read(spec.name))]])),
          );
        });
        expect(over.skipped).toEqual([0, 0, 1, 0, 0, 0]);
        const [before, after] = [FIRST_SCALE, FIRST_SCALE / 2];
        expect(over.scales).toEqual([before, before, before, after, after, after]);
        expect(kept[1]).toEqual(kept[0]);
        close(over.losses, wanted.losses.slice(0, -1));
        session.dispose();
      } finally {
        device.dispose();
      }
    },
    300_000,
  ); // compiling for a GPU that is emulated takes its time
}
