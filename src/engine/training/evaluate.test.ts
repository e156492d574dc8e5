import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createReferenceDevice } from '../devices/reference/device.ts';
import { initialise } from '../models/initialise.ts';
import { parameterSpecs } from '../models/parameters.ts';
import { evaluateModel, evaluationBatch, evaluationBatches, lossOver } from './evaluate.ts';
import { tinyText } from './testing/harness.ts';
import { tinyGpt2 } from './testing/specs.ts';

test('each token but the first is predicted once, by the one before it, and the rest does not count', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 200 }),
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 12 }),
      (length, batch, context) => {
        const tokens = Int32Array.from({ length }, (_, i) => i);
        const predicted: number[] = [];
        for (let i = 0; i < evaluationBatches(length, { batch, context }); i++) {
          const { input_ids, labels, count } = evaluationBatch(tokens, i, { batch, context });
          const counted = [...labels.keys()].filter((at) => labels[at] !== -100);
          expect(counted).toHaveLength(count);
          expect(count).toBeGreaterThan(0);
          for (const at of counted) {
            expect(labels[at]).toBe((input_ids[at] ?? 0) + 1);
            predicted.push(labels[at] ?? 0);
          }
        }
        expect(predicted).toEqual(Array.from({ length: Math.max(0, length - 1) }, (_, i) => i + 1));
      },
    ),
  );
});

test('the loss of a model over a text is the same whatever the batches', async () => {
  const device = createReferenceDevice({ precision: 'f64' });
  const specs = new Map(parameterSpecs(tinyGpt2).map((spec) => [spec.name, initialise(spec, 3)]));
  const read = async (name: string): Promise<Float32Array> => specs.get(name) ?? new Float32Array(0);
  const text = tinyText(100);
  const losses: number[] = [];
  for (const batch of [1, 2, 5, 20]) {
    const { loss, tokens } = await evaluateModel(device, tinyGpt2, read, text, { batch, context: 8 });
    expect(tokens).toBe(99);
    losses.push(loss);
  }
  for (const loss of losses) expect(loss).toBeCloseTo(losses[0] ?? 0, 6);
  expect(losses[0]).toBeCloseTo(Math.log(17), 1);
});

test('a limit takes batches spread over the whole text; 16-bit ids do', async () => {
  const tokens = Uint16Array.from({ length: 1001 }, (_, i) => i);
  const firsts: number[] = [];
  const evaluation = await lossOver(
    tokens,
    { batch: 2, context: 10 },
    async ({ input_ids }) => {
      firsts.push(input_ids[0] ?? -1);
      return 20;
    },
    { limit: 5 },
  );
  expect(firsts).toEqual([0, 200, 400, 600, 800]);
  expect(evaluation).toEqual({ loss: 1, tokens: 100, batches: 5 });
});

test('one token is nothing to evaluate on', async () => {
  await expect(lossOver(new Int32Array(1), { batch: 1, context: 4 }, async () => 0)).rejects.toMatchObject({
    code: 'ANN-TRN-011',
  });
});
