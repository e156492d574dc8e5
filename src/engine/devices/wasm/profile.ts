import type { KernelTiming, StepProfile } from '../../device.ts';
import type { KernelCall, KernelPlan } from '../../graph/lower/kernel-plan.ts';

/**
 * Times of calls from those of commands. `calls` says which call each command is part of; `times` is when
 * the list began and when each command ended, in milliseconds.
 */
export function timings(
  plan: KernelPlan,
  calls: readonly number[],
  times: Float64Array,
): Omit<StepProfile, 'outputs'> {
  const begin = times[0] as number;
  const kernels: KernelTiming[] = [];
  let start = 0;
  for (const [i, index] of calls.entries()) {
    if (calls[i + 1] === index) continue;
    // Threads read their clocks one after the other; a hair's breadth backwards is none.
    const end = Math.max(start, (times[i + 1] as number) - begin);
    const { kernel, scope, flops, bytes } = plan.calls[index] as KernelCall;
    kernels.push({ kernel, scope, start_ms: start, ms: end - start, flops, bytes });
    start = end;
  }
  return { total_ms: start, clock: 'processor', kernels };
}
