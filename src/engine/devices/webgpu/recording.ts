import type { KernelPlan } from '../../graph/lower/kernel-plan.ts';
import type { StateLayout } from '../../graph/lower/state-layout.ts';
import type { AdapterFacts } from './adapter-facts.ts';
import { type SpaceBuffers, storageBuffer } from './buffers.ts';
import type { Binding, Workgroups } from './dispatch.ts';
import type { Gpu } from './gpu.ts';
import type { Pipeline } from './pipelines.ts';
import { type Batch, schedule } from './schedule.ts';
import type { Space } from './wanted.ts';

/** One dispatch of one call, ready to be encoded. */
export interface Command {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly workgroups: Workgroups;
}

/** Writes the WGSL of every call. Throws ANN-DEV-002 where the adapter's limits do not suffice. */
export function generate(
  plan: KernelPlan,
  state: StateLayout,
  { facts, tuned }: { readonly facts: AdapterFacts; readonly tuned: ReadonlyMap<string, string> },
): readonly Batch[] {
  return schedule(plan.calls, { tensors: plan.tensors, state, adapter: facts, tuned });
}

/** Bind groups of a program over the buffers of its session, made once and again when the arena has moved. */
export class Recording {
  readonly #gpu: Gpu;
  readonly #batches: readonly Batch[];
  readonly #pipelines: readonly Pipeline[];
  /** By their numbers as text. */
  readonly #tables = new Map<string, GPUBuffer>();
  #commands: readonly Command[] = [];

  constructor(gpu: Gpu, batches: readonly Batch[], pipelines: readonly Pipeline[]) {
    this.#gpu = gpu;
    this.#batches = batches;
    this.#pipelines = pipelines;
  }

  get commands(): readonly Command[] {
    return this.#commands;
  }

  get bytes(): number {
    let bytes = 0;
    for (const { size } of this.#tables.values()) bytes += size;
    return bytes;
  }

  bind(spaces: Readonly<Record<Space, SpaceBuffers>>): void {
    this.#commands = this.#batches.map(({ dispatch: { label, bindings, workgroups } }, i) => {
      const { compute, layout } = this.#pipelines[i] as Pipeline;
      const entries = bindings.map((one, binding) => ({ binding, resource: this.#resource(one, spaces) }));
      const group = this.#gpu.device.createBindGroup({ label, layout, entries });
      return { pipeline: compute, group, workgroups };
    });
  }

  destroy(): void {
    for (const buffer of this.#tables.values()) buffer.destroy();
    this.#tables.clear();
    this.#commands = [];
  }

  #resource(binding: Binding, spaces: Readonly<Record<Space, SpaceBuffers>>): GPUBufferBinding {
    if (binding.kind === 'table') return { buffer: this.#table(binding.values) };
    const buffer = spaces[binding.space].buffers[binding.buffer] as GPUBuffer;
    return { buffer, offset: binding.offset, size: binding.bytes };
  }

  #table(values: Uint32Array): GPUBuffer {
    const key = values.join();
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const buffer = storageBuffer(this.#gpu.device, Math.max(16, values.byteLength), 'table');
    this.#gpu.device.queue.writeBuffer(buffer, 0, Uint32Array.from(values));
    this.#tables.set(key, buffer);
    return buffer;
  }
}
