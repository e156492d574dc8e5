import type { Executable, Feeds, Outputs, StepProfile } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { Program } from '../../graph/ir.ts';
import type { KernelPlan, PlanTensor } from '../../graph/lower/kernel-plan.ts';
import { sizeOf } from '../../graph/sizes.ts';
import { checkFeeds } from '../reference/feeds.ts';
import { encodePlan, type Places } from './encode/context.ts';
import type { Machine } from './machine.ts';
import { timings } from './profile.ts';

/** What an executable needs of the session that compiled it. */
export interface ExecutableOwner extends Places {
  readonly machine: Machine;
  exclusively<T>(work: () => Promise<T> | T): Promise<T>;
  whenIdle(work: () => void): void;
  /** Called before a run, which then writes what is fed. */
  poison(): void;
  forget(executable: WasmExecutable): void;
}

/** A plan as a list of commands in the linear memory; a run is feeds in, the list, outputs out. */
export class WasmExecutable implements Executable {
  readonly #session: ExecutableOwner;
  readonly #program: Program;
  readonly #plan: KernelPlan;
  readonly #bytes: number;
  /** Where its commands are; 0 for nowhere. */
  #at = 0;
  #list = 0;
  #calls: readonly number[] = [];
  #disposed = false;
  #released = false;

  /** `words`: how long the encoded plan is. It has no place yet. */
  constructor(session: ExecutableOwner, program: Program, plan: KernelPlan, words: number) {
    this.#session = session;
    this.#program = program;
    this.#plan = plan;
    this.#bytes = words * 4;
  }

  /** Takes room for the commands and writes them, for an arena that has its place. Throws ANN-DEV-002. */
  settle(): void {
    const { machine } = this.#session;
    const { heap } = machine;
    if (this.#at === 0) this.#at = heap.take(this.#bytes, 'The commands of a program');
    const { words, list, calls } = encodePlan(this.#plan, this.#session, this.#at, machine.kernels.numbers);
    if (words.length * 4 !== this.#bytes) {
      const message = `${this.#plan.name} takes ${words.length * 4} bytes of commands, not ${this.#bytes}`;
      throw deviceErrors.failed({ message });
    }
    heap.ints(this.#at, words.length).set(words);
    this.#list = this.#at + list;
    this.#calls = calls;
  }

  /** Gives the room of the commands back, until it is settled again. */
  vacate(): void {
    if (this.#at !== 0) this.#session.machine.heap.give(this.#at, this.#bytes);
    this.#at = 0;
  }

  run(feeds: Feeds): Promise<Outputs> {
    return this.#session.exclusively(async () => {
      this.#feed(feeds);
      await this.#session.machine.run(this.#list);
      return this.#outputs();
    });
  }

  profile(feeds: Feeds): Promise<StepProfile> {
    return this.#session.exclusively(async () => {
      this.#feed(feeds);
      const { machine } = this.#session;
      const { heap } = machine;
      const bytes = (this.#calls.length + 1) * 8;
      const at = heap.take(bytes, 'The times of a profile');
      try {
        await machine.run(this.#list, at);
        const times = new Float64Array(heap.memory.buffer, at, this.#calls.length + 1);
        return { ...timings(this.#plan, this.#calls, times), outputs: this.#outputs() };
      } finally {
        heap.give(at, bytes);
      }
    });
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#session.whenIdle(() => this.release());
  }

  /** Gives back what it holds, now. Called when no run is under way. */
  release(): void {
    this.#disposed = true;
    if (this.#released) return;
    this.#released = true;
    this.#session.forget(this);
    this.vacate();
  }

  #feed(feeds: Feeds): void {
    if (this.#disposed) throw deviceErrors.failed({ message: 'A program was run after it was disposed' });
    const checked = checkFeeds(this.#program, feeds);
    this.#session.poison();
    for (const [name, id] of Object.entries(this.#plan.inputs)) {
      const values = checked.get(name);
      if (values !== undefined) this.#values(this.#plan.tensors[id] as PlanTensor).set(values);
    }
  }

  #outputs(): Outputs {
    const outputs: Record<string, Float32Array> = {};
    for (const [name, id] of Object.entries(this.#plan.outputs)) {
      outputs[name] = new Float32Array(this.#values(this.#plan.tensors[id] as PlanTensor));
    }
    return outputs;
  }

  #values({ place, offset, shape, dtype }: PlanTensor): Float32Array | Int32Array {
    const base = place.in === 'state' ? this.#session.state(place.name) : this.#session.arena + place.offset;
    const { heap } = this.#session.machine;
    const at = base + offset * 4;
    return dtype === 'i32' ? heap.ints(at, sizeOf(shape)) : heap.floats(at, sizeOf(shape));
  }
}
