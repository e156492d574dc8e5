import { expect, test } from 'vitest';
import { describeEvidence } from './evidence-words.ts';

test('a run is told by its figures; what is unknown is left out', () => {
  const run = { name: 'tiny 2', state: 'stopped', step: 30, max_steps: 60, device: 'webgpu' };
  expect(describeEvidence({ ...run, loss: 1.23456, validation_loss: 2 })).toBe(
    'tiny 2: stopped after 30 of 60 steps on webgpu, loss 1.235, validation loss 2.000.',
  );
  expect(
    describeEvidence({
      ...run,
      state: 'finished',
      step: 60,
      loss: null,
      validation_loss: null,
      device: null,
    }),
  ).toBe('tiny 2: finished after 60 steps.');
});
