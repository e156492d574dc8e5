import { describe, expect, test } from 'vitest';
import { expand } from '../graph/expand.ts';
import { lower } from '../graph/lower/lower.ts';
import { stateLayout } from '../graph/lower/state-layout.ts';
import { planMemory, sessionBytes } from '../graph/memory-plan.ts';
import { simplify } from '../graph/simplify.ts';
import { decoderState } from '../inference/decoder.ts';
import { buildDecodeStep } from '../models/decode.ts';
import { maxPositions } from '../models/forward.ts';
import { gpt2Config, llamaConfig } from '../models/testing/configs.ts';
import { adamW } from '../optimizers/testing/configs.ts';
import { cacheBytes, memoryOfDevice } from './device-memory.ts';
import { buildTrainingStep } from './step.ts';

const optimizer = adamW();

test('own devices hold an arena, one of them with halves, reference the program, the others a pool', () => {
  expect(['webgpu', 'wasm', 'tfjs-webgpu', 'reference'].map(memoryOfDevice)).toEqual([
    'halves',
    'arena',
    'pool',
    'program',
  ]);
});

describe.each([
  ['gpt2', gpt2Config({ n_embd: 64, n_positions: 40, n_head: 4 })],
  ['llama', llamaConfig({ hidden_size: 64, intermediate_size: 96, max_position_embeddings: 40 })],
] as const)('%s', (_name, model) => {
  const caches = decoderState(model).filter((spec) => spec.kind === 'cache');

  test('the caches are those of the decoder', () => {
    expect(cacheBytes(model)).toBe(stateLayout(caches).total);
  });

  test('in a pool lie the scores of attention, as the basic ops keep them for the backward pass', () => {
    const sizes = { model, optimizer, batch: 4, context: 40, accumulation: 1 };
    const step = buildTrainingStep({ ...sizes, device_memory: 'pool' });
    if (step.update.mode !== 'fused') throw new Error('mode');
    const basic = simplify(expand(step.update.step));
    expect(step.memory).toEqual(sessionBytes(step.state, [planMemory(basic)]));
    const scores = 4 * (4 * 4 * 40 * 40); // of one layer
    const without = sessionBytes(step.state, [planMemory(step.update.step)]);
    expect(step.memory.total - without.total).toBeGreaterThan(scores);
  });

  test.each([1, 2])(
    'with accumulation %i, what is planned is the state and the largest arena of all programs',
    (accumulation) => {
      for (const gradient_checkpointing of [false, true]) {
        const step = buildTrainingStep({
          ...{ model, optimizer, batch: 4, context: 40, accumulation, gradient_checkpointing },
          device_memory: 'arena',
        });
        const { update } = step;
        const decode = buildDecodeStep({ model, batch: 1, block: 16, capacity: maxPositions(model) });
        const programs = [
          ...(update.mode === 'fused' ? [update.step] : [update.accumulate, update.apply]),
          ...[step.evaluate, decode.program],
        ];
        const layout = stateLayout([...step.state, ...caches]);
        const arena = Math.max(...programs.map((program) => lower(program, { layout }).arena_bytes));
        expect(step.memory.total).toBe(stateLayout([...step.state, ...caches]).total + arena);
      }
    },
  );
});
