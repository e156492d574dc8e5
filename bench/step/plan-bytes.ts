import { schedule } from '../../src/engine/devices/webgpu/schedule.ts';
import { SOFTWARE } from '../../src/engine/devices/webgpu/testing/facts.ts';
import { type Traffic, trafficOf } from '../../src/engine/devices/webgpu/traffic.ts';
import { lower } from '../../src/engine/graph/lower/lower.ts';
import { stateLayout } from '../../src/engine/graph/lower/state-layout.ts';
import { buildTrainingStep } from '../../src/engine/training/step.ts';
import type { Workload } from '../workload/workload.ts';

/** Of our step on webgpu, counted on its plan for a software adapter: no run is needed for it. */
export function planBytes({ model, optimizer, batch, context }: Workload): Traffic {
  const { state, update } = buildTrainingStep({ model, optimizer, batch, context, accumulation: 1 });
  if (update.mode !== 'fused') throw new Error('A step without accumulation is one program.');
  const layout = stateLayout(state);
  const plan = lower(update.step, { layout });
  const { calls, tensors } = plan;
  const batches = schedule(calls, { tensors, state: layout, adapter: SOFTWARE, tuned: new Map() });
  return trafficOf(plan, batches, layout);
}
