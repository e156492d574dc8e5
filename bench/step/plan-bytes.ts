import { schedule } from '../../src/engine/devices/webgpu/schedule.ts';
import { SOFTWARE } from '../../src/engine/devices/webgpu/testing/facts.ts';
import { bytesReached } from '../../src/engine/devices/webgpu/testing/reached.ts';
import { lower } from '../../src/engine/graph/lower/lower.ts';
import { stateLayout } from '../../src/engine/graph/lower/state-layout.ts';
import { buildTrainingStep } from '../../src/engine/training/step.ts';
import type { Workload } from '../workload/workload.ts';

export interface PlanBytes {
  /** All that the dispatches of a step bind, each of them once. */
  readonly reached: number;
  /** What the calls of the plan read and write at least. */
  readonly least: number;
}

/** Of our step on webgpu, counted on its plan for a software adapter: no run is needed for it. */
export function planBytes({ model, optimizer, batch, context }: Workload): PlanBytes {
  const { state, update } = buildTrainingStep({ model, optimizer, batch, context, accumulation: 1 });
  if (update.mode !== 'fused') throw new Error('A step without accumulation is one program.');
  const layout = stateLayout(state);
  const { calls, tensors } = lower(update.step, { layout });
  const batches = schedule(calls, { tensors, state: layout, adapter: SOFTWARE, tuned: new Map() });
  return { reached: bytesReached(batches), least: calls.reduce((sum, { bytes }) => sum + bytes, 0) };
}
