import type { Executable, Session } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { Program, StateSpec } from '../../graph/ir.ts';
import type { KernelPlan } from '../../graph/lower/kernel-plan.ts';
import { lower } from '../../graph/lower/lower.ts';
import { type StateLayout, stateLayout } from '../../graph/lower/state-layout.ts';
import { sizeOf } from '../../graph/sizes.ts';
import { checkStateSizes, checkWritten, stateIn, statesByName } from '../states.ts';
import { encodePlan } from './encode/context.ts';
import { type ExecutableOwner, WasmExecutable } from './executable.ts';
import type { Machine } from './machine.ts';

/** What a session needs of the device that opened it. */
export interface SessionOwner {
  readonly machine: Machine;
  /** Fills the arena with not-a-number before each run, to show what reads before it writes. */
  readonly poison: boolean;
  /** Runs `work` when all before it is done; fails when the device is lost. */
  exclusively<T>(work: () => Promise<T> | T): Promise<T>;
  /** Runs `work` when nothing is under way. */
  whenIdle(work: () => void): void;
  closed(session: WasmSession): void;
}

interface StatePlace {
  readonly spec: StateSpec;
  readonly at: number;
  readonly size: number;
}

/** Where a plan is measured: no memory reaches so far, so there, too, the arena touches no state. */
const MEASURED_AT = 2 ** 32;

/** State in one block of the linear memory, and one arena that all programs of the session take turns in. */
export class WasmSession implements Session, ExecutableOwner {
  readonly #owner: SessionOwner;
  readonly #specs: ReadonlyMap<string, StateSpec>;
  readonly #state = new Map<string, StatePlace>();
  readonly #layout: StateLayout;
  readonly #stateBytes: number;
  readonly #stateAt: number;
  readonly #executables = new Set<WasmExecutable>();
  #arena = { at: 0, bytes: 0 };
  #disposed = false;

  /** Throws ANN-DEV-002 where the state does not fit. */
  constructor(owner: SessionOwner, specs: readonly StateSpec[]) {
    this.#owner = owner;
    this.#specs = statesByName(specs);
    this.#layout = stateLayout(specs);
    const { order, offsets, total } = this.#layout;
    this.#stateBytes = total;
    this.#stateAt = total === 0 ? 0 : this.machine.heap.take(total, 'The state of a session');
    this.machine.heap.ints(this.#stateAt, total / 4).fill(0);
    for (const spec of order) {
      const at = this.#stateAt + (offsets.get(spec.name) ?? 0);
      this.#state.set(spec.name, { spec, at, size: sizeOf(spec.shape) });
    }
  }

  write(name: string, values: Float32Array | Int32Array): Promise<void> {
    return this.exclusively(() => {
      const { spec, at, size } = stateIn(this.#state, name);
      checkWritten(spec, values);
      if (values instanceof Int32Array) this.machine.heap.ints(at, size).set(values);
      else this.machine.heap.floats(at, size).set(values);
    });
  }

  read(name: string): Promise<Float32Array> {
    return this.exclusively(() => {
      const { spec, at, size } = stateIn(this.#state, name);
      // A typed array of a typed array copies at once, out of shared memory too.
      return new Float32Array(
        spec.dtype === 'i32' ? this.machine.heap.ints(at, size) : this.machine.heap.floats(at, size),
      );
    });
  }

  compile(program: Program): Promise<Executable> {
    return this.exclusively(() => {
      checkStateSizes(program, this.#specs);
      return this.#place(program, lower(program, { layout: this.#layout }));
    });
  }

  memoryBytes(): number {
    return this.#stateBytes + this.#arena.bytes;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#owner.whenIdle(() => {
      for (const executable of this.#executables) executable.release();
      this.#executables.clear();
      if (this.#stateBytes > 0) this.machine.heap.give(this.#stateAt, this.#stateBytes);
      if (this.#arena.bytes > 0) this.machine.heap.give(this.#arena.at, this.#arena.bytes);
      this.#state.clear();
      this.#arena = { at: 0, bytes: 0 };
      this.#owner.closed(this);
    });
  }

  // --- for executables

  get machine(): Machine {
    return this.#owner.machine;
  }

  get arena(): number {
    return this.#arena.at;
  }

  state(name: string): number {
    return stateIn(this.#state, name).at;
  }

  /** Before a run, where that was asked for. */
  poison(): void {
    if (this.#owner.poison) this.machine.heap.floats(this.#arena.at, this.#arena.bytes / 4).fill(Number.NaN);
  }

  exclusively<T>(work: () => Promise<T> | T): Promise<T> {
    return this.#owner.exclusively(() => {
      if (this.#disposed) throw deviceErrors.failed({ message: 'A session was used after it was disposed' });
      return work();
    });
  }

  whenIdle(work: () => void): void {
    this.#owner.whenIdle(work);
  }

  forget(executable: WasmExecutable): void {
    this.#executables.delete(executable);
  }

  /**
   * Finds room for the plan. Where a larger arena or more scratch is needed, all that nobody needs between two
   * runs goes first and comes back behind one another, the commands last, so that what grows leaves no holes.
   */
  #place(program: Program, plan: KernelPlan): WasmExecutable {
    const measured = { arena: MEASURED_AT, state: (name: string) => this.state(name) };
    const { words, scratch } = encodePlan(plan, measured, 0, this.machine.kernels.numbers);
    const executable = new WasmExecutable(this, program, plan, words.length);
    const before = this.#arena.bytes;
    const moves = plan.arena_bytes > before || !this.machine.hasScratch(scratch);
    if (moves) this.#vacate();
    try {
      this.machine.ensureScratch(scratch);
      if (moves) this.#settle(Math.max(before, plan.arena_bytes));
      executable.settle();
    } catch (error) {
      // As it was, wherever that is now: what has just been given back is there to be taken.
      executable.vacate();
      this.#vacate();
      this.#settle(before);
      throw error;
    }
    this.#executables.add(executable);
    return executable;
  }

  /** Gives back the arena and the commands. */
  #vacate(): void {
    for (const executable of this.#executables) executable.vacate();
    if (this.#arena.bytes > 0) this.machine.heap.give(this.#arena.at, this.#arena.bytes);
    this.#arena = { at: 0, bytes: 0 };
  }

  /** Takes an arena of `bytes`, then the commands. */
  #settle(bytes: number): void {
    if (bytes > 0) this.#arena = { at: this.machine.heap.take(bytes, 'An arena'), bytes };
    for (const executable of this.#executables) executable.settle();
  }
}
