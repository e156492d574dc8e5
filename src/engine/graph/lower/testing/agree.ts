import { expect } from 'vitest';
import type { Program } from '../../ir.ts';
import { type run64, runner64 } from '../../testing/run64.ts';
import type { KernelPlan } from '../kernel-plan.ts';
import type { Values } from './run-plan.ts';
import { runPlan } from './run-plan.ts';

/** Runs program and plan on the same numbers, in float64: outputs and states after the run agree. */
export function expectAgreement(
  program: Program,
  plan: KernelPlan,
  feeds: Values,
  state: Values = {},
  note = '',
): void {
  const wanted = runner64(program)(
    feeds as Parameters<typeof run64>[1],
    state as Parameters<typeof run64>[2],
  );
  const got = runPlan(plan, feeds, state);
  for (const [name, values] of Object.entries(wanted.outputs)) {
    expectClose(got.outputs[name] ?? new Float64Array(0), values, `${note} output ${name}`);
  }
  for (const [name, values] of Object.entries(wanted.state)) {
    // A plan does not mention a state that it neither reads nor writes.
    const after = got.state[name] ?? Float64Array.from(state[name] ?? new Float64Array(values.length));
    expectClose(after, values, `${note} state ${name}`);
  }
}

/** Sums in another order differ by a few units in the last place of float64, relative to the largest. */
function expectClose(got: Float64Array, wanted: Float64Array, what: string): void {
  expect(got.length, what).toBe(wanted.length);
  let largest = 1e-300;
  for (const value of wanted) if (Number.isFinite(value)) largest = Math.max(largest, Math.abs(value));
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i] as number, wanted[i] as number];
    if (Object.is(a, b) || a === b || Math.abs(a - b) <= 1e-9 * largest) continue;
    expect.fail(`${what}: element ${i} is ${a} instead of ${b}`);
  }
}
