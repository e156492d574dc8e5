import fc from 'fast-check';
import { expect, test } from 'vitest';
import { learningRateAt } from './schedule.ts';
import type { ScheduleConfig, SchedulerType } from './spec.ts';

function rates(type: SchedulerType, more: Partial<ScheduleConfig> = {}): number[] {
  const schedule: ScheduleConfig = {
    lr_scheduler_type: type,
    learning_rate: 10,
    min_lr: 0,
    warmup_steps: 2,
    max_steps: 10,
    ...more,
  };
  return Array.from({ length: 10 }, (_, step) => learningRateAt(schedule, step));
}

function near(actual: number[], expected: number[], digits: number): void {
  expect(actual.length).toBe(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits);
}

// The tables of Hugging Face's own tests/optimization/test_optimization.py: learning rate 10, 2 steps of
// warm-up (4 for constant_with_warmup), 10 steps.
test.each<[SchedulerType, Partial<ScheduleConfig>, number[], number]>([
  ['constant', {}, [10, 10, 10, 10, 10, 10, 10, 10, 10, 10], 12],
  ['constant_with_warmup', { warmup_steps: 4 }, [0, 2.5, 5, 7.5, 10, 10, 10, 10, 10, 10], 12],
  ['linear', {}, [0, 5, 10, 8.75, 7.5, 6.25, 5, 3.75, 2.5, 1.25], 12],
  ['cosine', {}, [0, 5, 10, 9.6194, 8.5355, 6.9134, 5, 3.0866, 1.4645, 0.3806], 4],
  ['inverse_sqrt', {}, [0, 5, 10, 8.165, 7.071, 6.325, 5.774, 5.345, 5, 4.714], 3],
])('%s follows the table of Hugging Face', (type, more, expected, digits) => {
  near(rates(type, more), expected, digits);
});

// What get_scheduler of transformers 5.18 gave for a rate of 6e-4, 7 steps of warm-up and 20 steps, min_lr 6e-5.
const TRANSFORMERS: Readonly<Record<SchedulerType, readonly number[]>> = {
  linear: [
    0, 2.571428571428571e-4, 5.142857142857142e-4, 6e-4, 5.538461538461538e-4, 3.2307692307692305e-4,
    4.615384615384615e-5,
  ],
  cosine: [
    0, 2.571428571428571e-4, 5.142857142857142e-4, 6e-4, 5.912825452278155e-4, 3.3616100407659683e-4,
    8.717454772184396e-6,
  ],
  cosine_with_min_lr: [
    0, 2.571428571428571e-4, 5.142857142857142e-4, 6e-4, 5.921542907050341e-4, 3.6254490366893717e-4,
    6.784570929496595e-5,
  ],
  constant: [6e-4, 6e-4, 6e-4, 6e-4, 6e-4, 6e-4, 6e-4],
  constant_with_warmup: [0, 2.571428571428571e-4, 5.142857142857142e-4, 6e-4, 6e-4, 6e-4, 6e-4],
  polynomial: [
    0, 2.571428571428571e-4, 5.142857142857142e-4, 6e-4, 5.538538461538461e-4, 3.2312307692307693e-4,
    4.6246153846153825e-5,
  ],
  inverse_sqrt: [
    0, 2.571428571428571e-4, 5.142857142857142e-4, 6e-4, 5.612486080160911e-4, 4.402796314232057e-4,
    3.6418618720013036e-4,
  ],
};

test.each(Object.entries(TRANSFORMERS))(
  '%s gives the rates of transformers to the last digit',
  (type, expected) => {
    const schedule: ScheduleConfig = {
      lr_scheduler_type: type as SchedulerType,
      learning_rate: 6e-4,
      min_lr: 6e-5,
      warmup_steps: 7,
      max_steps: 20,
    };
    const actual = [0, 3, 6, 7, 8, 13, 19].map((step) => learningRateAt(schedule, step));
    for (const [i, rate] of expected.entries()) expect(actual[i]).toBeCloseTo(rate, 17);
  },
);

test('cosine_with_min_lr ends at min_lr, half way between in the middle', () => {
  const at = (step: number): number =>
    learningRateAt(
      {
        lr_scheduler_type: 'cosine_with_min_lr',
        learning_rate: 1e-3,
        min_lr: 1e-4,
        warmup_steps: 100,
        max_steps: 2000,
      },
      step,
    );
  expect(at(0)).toBe(0);
  expect(at(50)).toBeCloseTo(5e-4, 15);
  expect(at(100)).toBeCloseTo(1e-3, 15);
  expect(at(1050)).toBeCloseTo(5.5e-4, 15);
  expect(at(2000)).toBeCloseTo(1e-4, 15);
});

test('polynomial is linear from the rate down to 1e-7', () => {
  near(
    rates('polynomial', { learning_rate: 1 }),
    [0, 0.5, ...Array.from({ length: 8 }, (_, i) => (1 - 1e-7) * (1 - i / 8) + 1e-7)],
    12,
  );
});

test('any schedule gives rates between 0 and the learning rate, also when the warm-up outlasts the run', () => {
  const types: SchedulerType[] = [
    'linear',
    'cosine',
    'cosine_with_min_lr',
    'constant',
    'constant_with_warmup',
    'polynomial',
    'inverse_sqrt',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...types),
      fc.nat(50),
      fc.integer({ min: 1, max: 50 }),
      fc.nat(60),
      fc.double({ min: 1e-6, max: 1, noNaN: true }),
      (type, warmup, max, step, rate) => {
        const lr = learningRateAt(
          {
            lr_scheduler_type: type,
            learning_rate: rate,
            min_lr: rate / 10,
            warmup_steps: warmup,
            max_steps: max,
          },
          Math.min(step, max),
        );
        expect(lr).toBeGreaterThanOrEqual(0);
        expect(lr).toBeLessThanOrEqual(rate * (1 + 1e-12));
      },
    ),
  );
});
