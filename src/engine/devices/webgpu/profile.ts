import type { KernelTiming, StepProfile } from '../../device.ts';
import type { KernelPlan } from '../../graph/lower/kernel-plan.ts';
import { USAGE } from './buffers.ts';
import type { Gpu } from './gpu.ts';
import type { Command } from './recording.ts';
import type { Batch } from './schedule.ts';
import { scoped } from './scopes.ts';

/** A query set holds no more, by WebGPU's rules. */
const MOST_QUERIES = 4096;

const RECORDING = 'Recording a step';

interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * Runs the commands once and says when each call ran: by the GPU's own clock where the adapter has
 * timestamp queries (each dispatch in a pass of its own), else by the processor's around single submits.
 * `finish` encodes what comes after the last of them.
 */
export async function profileRun(
  gpu: Gpu,
  plan: KernelPlan,
  batches: readonly Batch[],
  commands: readonly Command[],
  finish: (encoder: GPUCommandEncoder) => void,
): Promise<Omit<StepProfile, 'outputs'>> {
  const stamped = gpu.device.features.has('timestamp-query');
  const spans = stamped
    ? await byGpu(gpu.device, commands, finish)
    : await byClock(gpu.device, commands, finish);
  const first = spans.reduce((least, { start }) => Math.min(least, start), spans[0]?.start ?? 0);
  const last = spans.reduce((most, { end }) => Math.max(most, end), first);
  // Calls that share a dispatch share its time, by how much they compute and move.
  const work = (call: number) => 1 + (plan.calls[call]?.flops ?? 0) + (plan.calls[call]?.bytes ?? 0);
  const times = plan.calls.map(() => ({ start: Number.POSITIVE_INFINITY, ms: 0 }));
  for (const [i, { calls }] of batches.entries()) {
    const { start, end } = spans[i] as Span;
    const all = calls.reduce((sum, call) => sum + work(call), 0);
    let at = start;
    for (const call of calls) {
      const time = times[call] as { start: number; ms: number };
      const ms = ((end - start) * work(call)) / all;
      time.start = Math.min(time.start, at);
      time.ms += ms;
      at += ms;
    }
  }
  const kernels = plan.calls.flatMap(({ kernel, scope, flops, bytes }, i): KernelTiming[] => {
    const { start, ms } = times[i] as { start: number; ms: number };
    return Number.isFinite(start) ? [{ kernel, scope, start_ms: start - first, ms, flops, bytes }] : [];
  });
  return { total_ms: last - first, clock: stamped ? 'timestamp-query' : 'processor', kernels };
}

async function byGpu(
  device: GPUDevice,
  commands: readonly Command[],
  finish: (encoder: GPUCommandEncoder) => void,
): Promise<Span[]> {
  const held: { destroy(): void }[] = [];
  const keep = <T extends { destroy(): void }>(one: T): T => {
    held.push(one);
    return one;
  };
  try {
    const bytes = commands.length * 16;
    const staging = await scoped(device, RECORDING, () => {
      const size = Math.max(bytes, 16);
      const resolved = keep(device.createBuffer({ size, usage: USAGE.queryResolve | USAGE.copySource }));
      const staging = keep(device.createBuffer({ size, usage: USAGE.mapRead | USAGE.copyTarget }));
      const encoder = device.createCommandEncoder();
      for (let from = 0; from < commands.length; from += MOST_QUERIES / 2) {
        const part = commands.slice(from, from + MOST_QUERIES / 2);
        const querySet = keep(device.createQuerySet({ type: 'timestamp', count: 2 * part.length }));
        for (const [i, command] of part.entries()) {
          const timestampWrites = {
            querySet,
            beginningOfPassWriteIndex: 2 * i,
            endOfPassWriteIndex: 2 * i + 1,
          };
          encode(encoder, command, { timestampWrites });
        }
        encoder.resolveQuerySet(querySet, 0, 2 * part.length, resolved, from * 16);
      }
      finish(encoder);
      if (bytes > 0) encoder.copyBufferToBuffer(resolved, 0, staging, 0, bytes);
      device.queue.submit([encoder.finish()]);
      return staging;
    });
    await staging.mapAsync(1);
    const stamps = new BigUint64Array(staging.getMappedRange().slice(0));
    const origin = stamps[0] ?? 0n;
    const ms = (stamp: bigint | undefined) => Number((stamp ?? origin) - origin) / 1e6;
    return commands.map((_, i) => ({ start: ms(stamps[2 * i]), end: ms(stamps[2 * i + 1]) }));
  } finally {
    for (const one of held) one.destroy();
  }
}

async function byClock(
  device: GPUDevice,
  commands: readonly Command[],
  finish: (encoder: GPUCommandEncoder) => void,
): Promise<Span[]> {
  const spans: Span[] = [];
  const submit = async (fill: (encoder: GPUCommandEncoder) => void): Promise<Span> => {
    const start = performance.now();
    const submitted = scoped(device, RECORDING, () => {
      const encoder = device.createCommandEncoder();
      fill(encoder);
      device.queue.submit([encoder.finish()]);
    });
    const ended = device.queue.onSubmittedWorkDone().then(() => performance.now());
    const [end] = await Promise.all([ended, submitted]);
    return { start, end };
  };
  await device.queue.onSubmittedWorkDone();
  for (const command of commands) spans.push(await submit((encoder) => encode(encoder, command)));
  await submit(finish);
  return spans;
}

function encode(encoder: GPUCommandEncoder, command: Command, descriptor?: GPUComputePassDescriptor): void {
  const pass = encoder.beginComputePass(descriptor);
  pass.setPipeline(command.pipeline);
  pass.setBindGroup(0, command.group);
  pass.dispatchWorkgroups(...command.workgroups);
  pass.end();
}
