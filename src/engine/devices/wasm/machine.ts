import { AnnealError } from '../../../base/error.ts';
import { deviceErrors } from '../../errors.ts';
import {
  BROKEN,
  CLAIM,
  CONTROL_BYTES,
  DONE,
  EPOCH,
  LOST,
  PROFILE,
  RAN,
  SCRATCH,
  SCRATCH_STRIDE,
  SLOT_BYTES,
  STOP,
  VALUES,
} from './assembly/layout.ts';
import { type Features, type Variant, variantOf } from './features.ts';
import { Heap } from './heap.ts';
import type { Helper, WasmHost } from './host.ts';
import { instantiate, type Kernels } from './kernels.ts';
import { Patience } from './patience.ts';

/** The most threads that are used: beyond, they wait for memory and for each other. */
const MOST_THREADS = 16;
/** Waits of WAIT_NANOSECONDS (a tenth of a second) in which nothing was done after which a helper counts as dead. */
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
  /** Bytes for kernels and the slots of their expressions, a multiple of 64. */
  readonly bytes: number;
  /** The most values of an expression. */
  readonly values: number;
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
  readonly #init: (control: number, thread: number) => void;
  #control: number;
  readonly #helpers: Helper[] = [];
  readonly #lose: (error: AnnealError) => void;
  #scratch = { at: 0, stride: 0, bytes: 0, values: 0 };
  #threads = 1;
  #gone: AnnealError | null = null;

  private constructor(heap: Heap, kernels: Kernels, init: (control: number, thread: number) => void) {
    this.heap = heap;
    this.kernels = kernels;
    this.#init = init;
    this.#control = this.#takeControl();
    const { promise, resolve } = Promise.withResolvers<AnnealError>();
    this.lost = promise;
    this.#lose = resolve;
  }

  /** Throws ANN-DEV-003 where the module cannot be loaded, ANN-DEV-002 where there is no memory for it. */
  static async start({ host, features, threads }: MachineOptions): Promise<Machine> {
    const shared = threads > 1;
    const { memory, limit } = makeMemory(shared);
    const { module, kernels, init } = await loaded(host, variantOf(features.relaxed, shared), memory);
    const machine = new Machine(new Heap(memory, kernels.heapBase(), limit), kernels, init);
    try {
      await machine.#startHelpers(host, module, Math.min(threads, MOST_THREADS) - 1);
      machine.ensureScratch({ bytes: 4 * SLOT_BYTES, values: 16 });
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

  /** Whether every thread has what is asked for. */
  hasScratch(need: ScratchNeed): boolean {
    const { stride, bytes, values } = this.#scratch;
    return stride > 0 && need.bytes <= bytes && need.values <= values;
  }

  /** Gives every thread at least what is asked for. Nothing may be running: what is there moves. */
  ensureScratch(need: ScratchNeed): void {
    if (this.hasScratch(need)) return;
    const old = this.#scratch;
    const bytes = Math.max(need.bytes, old.bytes);
    const values = Math.max(need.values, old.values);
    const stride = Math.ceil((bytes + values * 4) / 64) * 64;
    // Nothing in it outlives a command, so the old one goes first: the new one may grow out of it.
    if (old.stride > 0) this.heap.give(old.at, old.stride * this.#threads);
    try {
      this.#scratch = { at: this.#takeScratch(stride), stride, bytes, values };
    } catch (error) {
      if (old.stride > 0) this.#scratch = { ...old, at: this.#takeScratch(old.stride) };
      throw error;
    } finally {
      this.#set(SCRATCH, this.#scratch.at);
      this.#set(SCRATCH_STRIDE, this.#scratch.stride);
      this.#set(VALUES, this.#scratch.bytes);
    }
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
    const patience = new Patience(MOST_WAITS);
    while (outcome !== RAN) {
      // Lets in what there is to say about a helper's end.
      const dead = outcome === LOST || !patience.lasts(this.#progress());
      await new Promise((resolve) => setTimeout(resolve, dead ? REASON_MS : 0));
      if (this.#gone !== null) throw this.#gone;
      if (dead) this.#fail('a helper thread does not answer');
      outcome = this.#enter(() => this.kernels.resume());
    }
  }

  dispose(): void {
    this.#gone ??= deviceErrors.lost({ message: 'The device was closed' });
    this.#dismiss();
  }

  #takeControl(): number {
    const control = this.heap.take(CONTROL_BYTES, 'The control block');
    this.heap.ints(control, CONTROL_BYTES / 4).fill(0);
    this.#init(control, 0);
    return control;
  }

  #takeScratch(stride: number): number {
    return this.heap.take(stride * this.#threads, 'Scratch memory of the threads');
  }

  /** Helpers come to an end by themselves when they next look, or are ended. */
  #dismiss(): void {
    this.#set(STOP, 1);
    this.#wake();
    for (const helper of this.#helpers.splice(0)) helper.terminate();
  }

  /** Words that change when a unit is taken, when one is done, and when a command is. */
  #progress(): readonly number[] {
    const words = this.#words();
    return [CLAIM, CLAIM + 4, DONE].map((offset) => Atomics.load(words, (this.#control + offset) >> 2));
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
    const starting = Array.from({ length: count }, (_, i) => this.#startHelper(host, module, i + 1));
    const late = Promise.withResolvers<boolean>();
    const timer = setTimeout(() => late.resolve(false), host.start_ms);
    const started = await Promise.all(starting.map((one) => Promise.race([one, late.promise])));
    clearTimeout(timer);
    if (started.every((ready) => ready)) {
      this.#threads = count + 1;
      return;
    }
    // All or none. The ones that started, and any that starts late, must take no unit, for which they have no
    // scratch: they look at the old control block, which tells them to stop, and never see another one.
    this.#dismiss();
    this.#control = this.#takeControl();
  }

  /** Whether it is ready; without end where it says nothing. */
  #startHelper(host: WasmHost, module: WebAssembly.Module, thread: number): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    try {
      const helper = host.startHelper(
        { module, memory: this.heap.memory, control: this.#control, thread },
        {
          ready: () => resolve(true),
          ended: (reason) => {
            resolve(false);
            this.#ended(helper, reason);
          },
        },
      );
      this.#helpers.push(helper);
    } catch {
      // Workers may be forbidden, as by a policy of the page: one thread computes as well.
      resolve(false);
    }
    return promise;
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

/** Throws ANN-DEV-003 where the module cannot be had, or does not go with this memory. */
async function loaded(
  host: WasmHost,
  variant: Variant,
  memory: WebAssembly.Memory,
): Promise<{ readonly module: WebAssembly.Module } & Awaited<ReturnType<typeof instantiate>>> {
  try {
    const module = await host.load(variant);
    return { module, ...(await instantiate(module, memory)) };
  } catch (error) {
    if (error instanceof AnnealError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw deviceErrors.unavailable({
      message: `The kernels of the wasm device could not be loaded: ${reason}`,
      fix: 'Reload the page; until they load, choose another device, such as `device: tfjs-cpu`.',
      cause: error,
    });
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
