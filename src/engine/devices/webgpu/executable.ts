import type { Executable, Feeds, Outputs, StepProfile } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { KernelPlan, PlanTensor } from '../../graph/lower/kernel-plan.ts';
import type { StateLayout } from '../../graph/lower/state-layout.ts';
import { sizeOf } from '../../graph/sizes.ts';
import type { SpaceBuffers } from './buffers.ts';
import { feedPacker, type PackedFeeds } from './feeds.ts';
import type { Gpu } from './gpu.ts';
import { profileRun } from './profile.ts';
import type { Recording } from './recording.ts';
import type { Batch } from './schedule.ts';
import { scoped } from './scopes.ts';
import { firstByte } from './spaces.ts';
import { StagingRing } from './staging.ts';
import type { Space } from './wanted.ts';

/** What an executable needs of its session. */
export interface ExecutableOwner {
  readonly gpu: Gpu;
  readonly layout: StateLayout;
  readonly spaces: Readonly<Record<Space, SpaceBuffers>>;
  /** Runs `work` when all before it has been submitted. Throws where the session or the device is gone. */
  turn<T>(work: () => T | Promise<T>): Promise<T>;
  /** Rejects when the session is disposed or the device is lost meanwhile. */
  guard<T>(work: Promise<T>): Promise<T>;
  forget(executable: WebgpuExecutable): void;
}

export interface Compiled {
  readonly plan: KernelPlan;
  /** Throws ANN-DEV-004 for what does not fit the program. */
  readonly checkFeeds: (feeds: Feeds) => void;
  readonly batches: readonly Batch[];
  readonly recording: Recording;
}

interface Output {
  readonly name: string;
  readonly tensor: PlanTensor;
  /** Bytes into the staging buffer. */
  readonly at: number;
  readonly bytes: number;
}

/** Runs under way at once; large outputs are worth fewer copies. */
const SLOTS = 3;
const LARGE_OUTPUTS = 4 * 2 ** 20;

/**
 * Replays the recorded commands of a program: feeds are queued, then one encoder, one pass and one submit,
 * at whose end the outputs are copied to a staging buffer that is read when the GPU is done. The next run
 * may be submitted before that.
 */
export class WebgpuExecutable implements Executable {
  readonly plan: KernelPlan;
  readonly #owner: ExecutableOwner;
  readonly #compiled: Compiled;
  readonly #pack: (feeds: Feeds) => PackedFeeds[];
  readonly #outputs: readonly Output[];
  readonly #ring: StagingRing;
  #bound: SpaceBuffers | null = null;
  #disposed = false;

  constructor(owner: ExecutableOwner, compiled: Compiled) {
    this.#owner = owner;
    this.#compiled = compiled;
    this.plan = compiled.plan;
    this.#pack = feedPacker(compiled.plan);
    const { outputs, bytes } = layOut(compiled.plan);
    this.#outputs = outputs;
    this.#ring = new StagingRing(owner.gpu.device, bytes, bytes > LARGE_OUTPUTS ? 1 : SLOTS);
    try {
      this.bind();
    } catch (error) {
      this.#free();
      throw error;
    }
  }

  get bytes(): number {
    return this.#disposed ? 0 : this.#ring.bytes + this.#compiled.recording.bytes;
  }

  /** Dispatches of one run. */
  get dispatches(): number {
    return this.#compiled.batches.length;
  }

  async run(feeds: Feeds): Promise<Outputs> {
    const packed = this.#checked(feeds);
    const { slot, submitted } = await this.#owner.turn(async () => {
      const slot = await this.#take();
      // Not waited for before the next run's turn.
      return { slot, submitted: this.#scoped(() => this.#submit(packed, slot)) };
    });
    const [data] = await this.#owner.guard(Promise.all([this.#ring.read(slot), submitted]));
    return this.#unpack(data);
  }

  async profile(feeds: Feeds): Promise<StepProfile> {
    const packed = this.#checked(feeds);
    return this.#owner.turn(async () => {
      const slot = await this.#take();
      const { batches, recording, plan } = this.#compiled;
      let timed: Omit<StepProfile, 'outputs'>;
      try {
        const written = this.#scoped(() => {
          this.bind();
          this.#write(packed);
        });
        const work = profileRun(this.#owner.gpu, plan, batches, recording.commands, (encoder) =>
          this.#copyOut(encoder, slot),
        );
        [timed] = await this.#owner.guard(Promise.all([work, written]));
      } catch (error) {
        this.#ring.give(slot);
        throw error;
      }
      return { outputs: this.#unpack(await this.#owner.guard(this.#ring.read(slot))), ...timed };
    });
  }

  /** Records bind groups over the session's buffers as they are now. */
  bind(): void {
    const { spaces } = this.#owner;
    if (this.#bound === spaces.arena) return;
    this.#compiled.recording.bind(spaces);
    this.#bound = spaces.arena;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#free();
    this.#owner.forget(this);
  }

  #free(): void {
    this.#ring.destroy();
    this.#compiled.recording.destroy();
  }

  #checked(feeds: Feeds): PackedFeeds[] {
    this.#usable();
    this.#compiled.checkFeeds(feeds);
    return this.#pack(feeds);
  }

  #usable(): void {
    const { gone } = this.#owner.gpu;
    if (gone !== null) throw gone;
    if (this.#disposed) throw deviceErrors.failed({ message: 'A program was run after it was disposed' });
  }

  /** A place for the outputs, when it is its turn; whether it may run is checked again. */
  async #take(): Promise<GPUBuffer | null> {
    const slot = await this.#ring.take();
    try {
      this.#usable();
      return slot;
    } catch (error) {
      this.#ring.give(slot);
      throw error;
    }
  }

  /** What the GPU refuses of `work` rejects this run and no other, whoever else uses the GPU device. */
  #scoped<T>(work: () => T): Promise<T> {
    return scoped(this.#owner.gpu.device, `Running ${this.plan.name}`, work);
  }

  #write(packed: readonly PackedFeeds[]): void {
    for (const { start, data } of packed) this.#owner.spaces.arena.write(start, data);
  }

  #submit(packed: readonly PackedFeeds[], slot: GPUBuffer | null): void {
    // The arena may have moved since it was compiled.
    this.bind();
    this.#write(packed);
    const { device } = this.#owner.gpu;
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    let last: GPUComputePipeline | null = null;
    for (const { pipeline, group, workgroups } of this.#compiled.recording.commands) {
      if (pipeline !== last) pass.setPipeline(pipeline);
      last = pipeline;
      pass.setBindGroup(0, group);
      pass.dispatchWorkgroups(...workgroups);
    }
    pass.end();
    this.#copyOut(encoder, slot);
    device.queue.submit([encoder.finish()]);
  }

  #copyOut(encoder: GPUCommandEncoder, slot: GPUBuffer | null): void {
    if (slot === null) return;
    const { spaces, layout } = this.#owner;
    for (const { tensor, at, bytes } of this.#outputs) {
      spaces[tensor.place.in].copyOut(encoder, firstByte(tensor, layout), bytes, slot, at);
    }
  }

  #unpack(data: ArrayBuffer): Outputs {
    const outputs: Record<string, Float32Array> = {};
    for (const { name, tensor, at, bytes } of this.#outputs) {
      outputs[name] =
        tensor.dtype === 'i32'
          ? Float32Array.from(new Int32Array(data, at, bytes / 4))
          : new Float32Array(data, at, bytes / 4).slice();
    }
    return outputs;
  }
}

function layOut(plan: KernelPlan): { readonly outputs: readonly Output[]; readonly bytes: number } {
  let at = 0;
  const outputs = Object.entries(plan.outputs).map(([name, id]) => {
    const tensor = plan.tensors[id] as PlanTensor;
    const bytes = sizeOf(tensor.shape) * 4;
    at += bytes;
    return { name, tensor, at: at - bytes, bytes };
  });
  return { outputs, bytes: at };
}
