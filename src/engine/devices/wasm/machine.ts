import type { AnnealError } from '../../../base/error.ts';
import { deviceErrors } from '../../errors.ts';
import {
  BROKEN,
  CONTROL_BYTES,
  EPOCH,
  EXPRESSION_VALUES,
  LOST,
  PROFILE,
  RAN,
  SCRATCH,
  SCRATCH_STRIDE,
  SLOT_BYTES,
  SLOTS,
  STOP,
} from './assembly/layout.ts';
import { type Features, variantOf } from './features.ts';
import { Heap } from './heap.ts';
import type { Helper, WasmHost } from './host.ts';
import { instantiate, type Kernels } from './kernels.ts';

/** The most threads that are used: beyond, they wait for memory and for each other. */
const MOST_THREADS = 16;
/** How long helpers may take to start before the device goes on without them: milliseconds. */
const START_MS = 5_000;
/** Waits of WAIT_NANOSECONDS (a tenth of a second) without an answer after which a helper counts as dead. */
const MOST_WAITS = 300;
/** How long the reason of a helper's death may be on its way: milliseconds. */
const REASON_MS = 100;
const PAGE = 65_536;

export interface MachineOptions {
  readonly host: WasmHost;
  readonly features: Features;
  /** How many threads compute, the caller's among them. */
  readonly threads: number;
}

/** What each thread needs for itself. */
export interface ScratchNeed {
  /** Bytes for kernels, a multiple of 64. */
  readonly bytes: number;
  /** Values that expressions keep at a time. */
  readonly slots: number;
}

/**
 * The module, its memory and the threads that work in it. Helpers wait inside the module and see a new
 * list by themselves; whoever calls `run` computes with them.
 */
export class Machine {
  readonly heap: Heap;
  readonly kernels: Kernels;
  /** Resolves when a helper has died; never rejects. */
  readonly lost: Promise<AnnealError>;
  readonly #control: number;
  readonly #helpers: Helper[] = [];
  readonly #lose: (error: AnnealError) => void;
  #scratch = { at: 0, stride: 0, bytes: 0, slots: 0 };
  #threads = 1;
  #gone: AnnealError | null = null;

  private constructor(heap: Heap, kernels: Kernels, control: number) {
    this.heap = heap;
    this.kernels = kernels;
    this.#control = control;
    const { promise, resolve } = Promise.withResolvers<AnnealError>();
    this.lost = promise;
    this.#lose = resolve;
  }

  /** Throws ANN-DEV-003 where the module cannot be loaded, ANN-DEV-002 where there is no memory for it. */
  static async start({ host, features, threads }: MachineOptions): Promise<Machine> {
    const shared = threads > 1;
    const module = await host.load(variantOf(features.relaxed, shared));
    const { memory, limit } = makeMemory(shared);
    const { kernels, init } = await instantiate(module, memory);
    const heap = new Heap(memory, kernels.heapBase(), limit);
    const control = heap.take(CONTROL_BYTES, 'The control block');
    heap.ints(control, CONTROL_BYTES / 4).fill(0);
    init(control, 0);
    const machine = new Machine(heap, kernels, control);
    try {
      await machine.#startHelpers(host, module, Math.min(threads, MOST_THREADS) - 1);
      machine.ensureScratch({ bytes: 0, slots: 4 });
    } catch (error) {
      machine.dispose();
      throw error;
    }
    return machine;
  }

  /** Threads that compute. */
  get threads(): number {
    return this.#threads;
  }

  /** Gives every thread at least what is asked for. Nothing may be running. */
  ensureScratch(need: ScratchNeed): void {
    const { at: old, stride: before } = this.#scratch;
    if (before > 0 && need.bytes <= this.#scratch.bytes && need.slots <= this.#scratch.slots) return;
    const bytes = Math.max(need.bytes, this.#scratch.bytes);
    const slots = Math.max(need.slots, this.#scratch.slots);
    const slotsAt = EXPRESSION_VALUES * 4 + bytes;
    const stride = Math.ceil((slotsAt + slots * SLOT_BYTES) / 256) * 256;
    const at = this.heap.take(stride * this.#threads, 'Scratch memory of the threads');
    if (before > 0) this.heap.give(old, before * this.#threads);
    this.#scratch = { at, stride, bytes, slots };
    this.#set(SCRATCH, at);
    this.#set(SCRATCH_STRIDE, stride);
    this.#set(SLOTS, slotsAt);
  }

  /**
   * Works off a command list. With `times`, the address of commands + 1 f64, these are filled with when
   * the list began and when each command ended. Throws ANN-DEV-001 when a thread dies, ANN-DEV-006 when a
   * kernel traps; the device is of no use after either.
   */
  async run(list: number, times = 0): Promise<void> {
    if (this.#gone !== null) throw this.#gone;
    this.#set(PROFILE, times);
    let outcome = this.#enter(() => this.kernels.run(list));
    for (let waits = 0; outcome !== RAN; waits++) {
      // Lets in what there is to say about a helper's end.
      const dead = outcome === LOST || waits > MOST_WAITS;
      await new Promise((resolve) => setTimeout(resolve, dead ? REASON_MS : 0));
      if (this.#gone !== null) throw this.#gone;
      if (dead) this.#fail('a helper thread does not answer');
      outcome = this.#enter(() => this.kernels.resume());
    }
  }

  dispose(): void {
    this.#gone ??= deviceErrors.lost({ message: 'The device was closed' });
    this.#set(STOP, 1);
    this.#wake();
    for (const helper of this.#helpers) helper.terminate();
    this.#helpers.length = 0;
  }

  #enter(work: () => number): number {
    try {
      return work();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      this.#gone = deviceErrors.failed({ message: `A kernel failed: ${message}`, cause: error });
      this.#abandon(this.#gone);
      throw this.#gone;
    }
  }

  #fail(reason: string): never {
    this.#gone ??= deviceErrors.lost({ message: `The device was lost: ${reason}` });
    this.#abandon(this.#gone);
    throw this.#gone;
  }

  /** What helpers still write goes to memory that nobody reads any more. */
  #abandon(error: AnnealError): void {
    this.#set(BROKEN, 1);
    this.#wake();
    this.#lose(error);
  }

  async #startHelpers(host: WasmHost, module: WebAssembly.Module, count: number): Promise<void> {
    const starting = Array.from({ length: count }, (_, i) => {
      const { promise, resolve } = Promise.withResolvers<boolean>();
      const helper = host.startHelper(
        { module, memory: this.heap.memory, control: this.#control, thread: i + 1 },
        {
          ready: () => resolve(true),
          ended: (reason) => {
            resolve(false);
            this.#ended(helper, reason);
          },
        },
      );
      this.#helpers.push(helper);
      return promise;
    });
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), START_MS);
    const started = await Promise.all(starting.map((one) => Promise.race([one, late.promise])));
    clearTimeout(timer);
    // Scratch is laid out by number, so those that came late have none: they go.
    if (started.every((ready) => ready)) this.#threads = count + 1;
    else {
      for (const helper of this.#helpers.splice(0)) helper.terminate();
    }
  }

  #ended(helper: Helper, reason: string): void {
    if (!this.#helpers.includes(helper) || this.#gone !== null || this.#threads === 1) return;
    this.#gone = deviceErrors.lost({ message: `The device was lost: a helper thread died (${reason})` });
    this.#abandon(this.#gone);
  }

  #set(offset: number, value: number): void {
    Atomics.store(this.#words(), (this.#control + offset) >> 2, value | 0);
  }

  #wake(): void {
    const at = (this.#control + EPOCH) >> 2;
    Atomics.add(this.#words(), at, 1);
    Atomics.notify(this.#words(), at);
  }

  #words(): Int32Array<ArrayBufferLike> {
    return new Int32Array(this.heap.memory.buffer);
  }
}

/** With the largest limit that this engine grants: some devices cannot reserve 4 GiB of addresses. */
function makeMemory(shared: boolean): { readonly memory: WebAssembly.Memory; readonly limit: number } {
  for (const maximum of [65_536, 32_768, 16_384, 8_192]) {
    try {
      const memory = new WebAssembly.Memory({ initial: 16, maximum, shared });
      // The last page stays out of reach, so that the end of a block is never 2^32.
      return { memory, limit: (maximum - 1) * PAGE };
    } catch {
      // A smaller one then.
    }
  }
  throw deviceErrors.outOfMemory({
    message: 'WASM memory cannot be had here, not even 512 MiB of addresses',
  });
}
