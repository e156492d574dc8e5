import { afterAll, beforeAll, expect } from 'vitest';
import type { KernelPlan, PlanTensor, TensorId } from '../../../../graph/lower/kernel-plan.ts';
import { runPlan } from '../../../../graph/lower/testing/run-plan.ts';
import { features } from '../../features.ts';
import { Machine } from '../../machine.ts';
import { load } from '../../testing/lone-call.ts';
import { nodeHost } from '../host.ts';

export type Feeds = Record<string, Float32Array | Int32Array>;

export interface Agreement {
  /**
   * Runs a plan on 1, 2 and 3 threads, twice, and without relaxed SIMD: the same bits from all but the last,
   * and everywhere numbers as in float64, within what sums of `terms` numbers of size 1 lose in float32.
   */
  check(plan: KernelPlan, feeds: Feeds, terms: number): Promise<void>;
}

/** Starts machines for the tests of a file, and ends them. */
export function agreement(): Agreement {
  const machines: Machine[] = [];
  beforeAll(async () => {
    const found = features();
    for (const threads of [1, 2, 3])
      machines.push(await Machine.start({ host: nodeHost(), features: found, threads }));
    const plain = { ...found, relaxed: false };
    machines.push(await Machine.start({ host: nodeHost(), features: plain, threads: 2 }));
  });
  afterAll(() => {
    for (const machine of machines) machine.dispose();
  });
  return { check: (plan, feeds, terms) => check(machines, plan, feeds, terms) };
}

async function check(
  machines: readonly Machine[],
  plan: KernelPlan,
  feeds: Feeds,
  terms: number,
): Promise<void> {
  const rows: Record<string, Float32Array | Int32Array> = {};
  for (const [name, id] of Object.entries(plan.inputs)) {
    const fed = feeds[name];
    if (fed !== undefined) rows[name] = fed.filter((_, at) => !isGap(plan, id, at));
  }
  const wanted = runPlan(plan, rows).outputs;
  let first: Record<string, Uint8Array> | null = null;
  for (const machine of machines) {
    const relaxed = machine !== machines[machines.length - 1];
    const loaded = load(machine, plan, feeds);
    for (let again = 0; again < (machine.threads === 3 ? 2 : 1); again++) {
      await loaded.run();
      const bits: Record<string, Uint8Array> = {};
      for (const [name, values] of Object.entries(wanted)) {
        const got = loaded.read(name);
        const id = plan.outputs[name] as TensorId;
        const gaps = got.filter((_, at) => isGap(plan, id, at));
        expect(gaps.every(Number.isNaN), `nothing is written between the rows of ${name}`).toBe(true);
        expectClose(
          got.filter((_, at) => !isGap(plan, id, at)),
          values,
          terms,
          name,
        );
        bits[name] = new Uint8Array(got.buffer);
      }
      for (const name in relaxed ? first : null)
        expect(Buffer.compare(bits[name] as Uint8Array, first?.[name] as Uint8Array), name).toBe(0);
      if (relaxed) first = bits;
    }
    loaded.free();
  }
}

/** Whether the element at so many from the tensor's first lies between two rows. */
function isGap(plan: KernelPlan, id: TensorId, at: number): boolean {
  const { shape, row_stride } = plan.tensors[id] as PlanTensor;
  return row_stride !== null && at % row_stride >= (shape[shape.length - 1] ?? 1);
}

function expectClose(got: Float32Array, wanted: Float64Array, terms: number, name: string): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const [a, b] = [got[i] as number, wanted[i] as number];
    const rounded = Math.fround(b);
    if (Object.is(a, rounded) || a === rounded) continue;
    if (!(Math.abs(a - b) <= (1e-6 + 3e-7 * terms) * (1 + Math.abs(b))))
      expect.fail(`${name}[${i}] is ${a} instead of ${b}`);
  }
}
