import type { GpuCalls } from '../contest/calls.ts';

/** Counts what `work` asks of WebGPU, whoever asks; null where there is no WebGPU. */
export async function countGpuCalls(work: () => Promise<unknown>): Promise<GpuCalls | null> {
  if (typeof GPUQueue === 'undefined' || typeof GPUComputePassEncoder === 'undefined') return null;
  const counts = { submits: 0, dispatches: 0 };
  const [queue, pass] = [GPUQueue.prototype, GPUComputePassEncoder.prototype];
  const { submit } = queue;
  const { dispatchWorkgroups, dispatchWorkgroupsIndirect } = pass;
  queue.submit = function (...args) {
    counts.submits++;
    return submit.apply(this, args);
  };
  pass.dispatchWorkgroups = function (...args) {
    counts.dispatches++;
    return dispatchWorkgroups.apply(this, args);
  };
  pass.dispatchWorkgroupsIndirect = function (...args) {
    counts.dispatches++;
    return dispatchWorkgroupsIndirect.apply(this, args);
  };
  try {
    await work();
    return counts;
  } finally {
    Object.assign(queue, { submit });
    Object.assign(pass, { dispatchWorkgroups, dispatchWorkgroupsIndirect });
  }
}
