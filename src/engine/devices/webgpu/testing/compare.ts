import { expect } from 'vitest';
import { runPlan } from '../../../graph/lower/testing/run-plan.ts';
import { expectSameBits } from '../../same-bits.ts';
import type { WebgpuDevice } from '../device.ts';
import { type CallCase, planOf, runCall, withHalves } from './run-call.ts';

/**
 * Runs the call twice on the device, which must give the same bits, and once in float64, which must agree
 * within `tolerance` of the largest magnitude of each result; then the same with halves where the kernel
 * takes them, which may be off by the rounding of a half more.
 */
export async function compare(device: WebgpuDevice, one: CallCase, what: string, tolerance = 1e-5) {
  await compareOnce(device, one, what, tolerance);
  const half = withHalves(one);
  if (half.tensors.some(({ dtype }) => dtype === 'f16')) {
    await compareOnce(device, half, `${what} with halves`, Math.max(tolerance, 2 ** -10));
  }
}

export async function compareOnce(device: WebgpuDevice, one: CallCase, what: string, tolerance: number) {
  const [first = [], second = []] = await runCall(device, one, 2);
  const plan = planOf(one);
  const feeds = Object.fromEntries(one.tensors.map(({ values }, id) => [`t${id}`, values]));
  const { outputs } = runPlan(plan, feeds);
  for (const [i, id] of one.results.entries()) {
    const [result, again, wanted] = [first[i], second[i], outputs[`t${id}`]];
    if (result === undefined || again === undefined || wanted === undefined) throw new RangeError(what);
    expectSameBits({ [id]: again }, { [id]: result }, `${what}: run twice`);
    const [error, at] = worst(result, wanted);
    expect(error, `${what}: result ${i} at ${at} is ${result[at]}, not ${wanted[at]}`).toBeLessThanOrEqual(
      tolerance,
    );
  }
}

/** The largest difference as a part of the largest magnitude, or of 1, and where it is. Poison must be left alone. */
function worst(result: Float32Array, wanted: Float64Array): [error: number, at: number] {
  let scale = 1;
  for (const value of wanted) if (Number.isFinite(value)) scale = Math.max(scale, Math.abs(value));
  let [error, place] = [0, 0];
  for (const [i, value] of wanted.entries()) {
    const is = result[i] as number;
    if (Number.isNaN(value) && Number.isNaN(is)) continue;
    const off = Math.abs(is - value) / scale;
    if (off > error || Number.isNaN(off)) [error, place] = [Number.isNaN(off) ? Infinity : off, i];
  }
  return [error, place];
}
