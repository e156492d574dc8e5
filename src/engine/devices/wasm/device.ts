import type { AnnealError } from '../../../base/error.ts';
import type { Device, DeviceCeilings, DeviceInfo, Session } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { StateSpec } from '../../graph/ir.ts';
import { notGivenBack, Turns } from '../turns.ts';
import { bestCopy, bestProduct } from './ceilings.ts';
import { type Features, features } from './features.ts';
import type { WasmHost } from './host.ts';
import { Machine } from './machine.ts';
import { type SessionOwner, WasmSession } from './session.ts';

export interface WasmOptions {
  /** How many threads compute; left out: one for each processor. */
  readonly threads?: number;
  /** Do without what the engine has; for tests. */
  readonly features?: Features;
  /** Fill the arena with not-a-number before each run; for tests. */
  readonly poison?: boolean;
}

/**
 * Our own kernels in WebAssembly. Throws ANN-DEV-003 where they cannot run: without SIMD, or on a thread
 * that must not wait for others.
 */
export async function openWasmDevice(host: WasmHost, options: WasmOptions = {}): Promise<Device> {
  const found = options.features ?? features();
  if (!found.simd) {
    throw deviceErrors.unavailable({
      message: 'The wasm device needs a browser with WebAssembly SIMD',
      fix: 'Update the browser: all of them have had WebAssembly SIMD since 2023. Until then choose `device: tfjs-cpu`.',
    });
  }
  const wanted = Math.max(1, options.threads ?? host.processors);
  if (wanted > 1 && host.noThreads === null && !host.mayWait) {
    throw deviceErrors.unavailable({
      message:
        'The wasm device cannot run on the main thread of a page, which must not wait for other threads',
      fix: 'Open it in a worker.',
    });
  }
  const threads = host.noThreads === null ? wanted : 1;
  const start = () => Machine.start({ host, features: found, threads });
  const machine = await start();
  const description = describe(found, machine.threads, wanted, host.noThreads);
  return new WasmDevice(machine, start, description, options.poison ?? false);
}

function describe(found: Features, threads: number, wanted: number, noThreads: string | null): string {
  const simd = found.relaxed ? 'relaxed SIMD' : 'plain SIMD (no relaxed SIMD here)';
  const alone = noThreads ?? (wanted > 1 ? 'helper threads did not start' : null);
  if (threads === 1) return `WASM, ${simd}, 1 thread${alone === null ? '' : `: ${alone}`}`;
  return `WASM, ${simd}, ${threads} threads`;
}

/** A linear memory cannot shrink: one that has grown beyond this goes with the last session. */
const KEPT_BYTES = 64 * 2 ** 20;

class WasmDevice implements Device, SessionOwner {
  readonly info: DeviceInfo;
  readonly lost: Promise<AnnealError>;
  readonly poison: boolean;
  readonly #start: () => Promise<Machine>;
  readonly #lose: (reason: AnnealError) => void;
  readonly #turns = new Turns();
  readonly #sessions = new Set<WasmSession>();
  /** Null from when a large one went with its last session until the next one is opened. */
  #machine: Machine | null = null;
  #gone: AnnealError | null = null;

  constructor(machine: Machine, start: () => Promise<Machine>, description: string, poison: boolean) {
    this.poison = poison;
    this.#start = start;
    const { limit } = machine.heap;
    this.info = { name: 'wasm', description, limits: { max_buffer_bytes: limit, memory_bytes: limit } };
    const { promise, resolve } = Promise.withResolvers<AnnealError>();
    this.lost = promise;
    this.#lose = resolve;
    this.#use(machine);
  }

  get machine(): Machine {
    if (this.#machine === null) throw deviceErrors.failed({ message: 'The device has no memory open' });
    return this.#machine;
  }

  open(state: readonly StateSpec[]): Promise<Session> {
    return this.exclusively(async () => {
      await this.#ready();
      const session = new WasmSession(this, state);
      this.#sessions.add(session);
      return session;
    });
  }

  async ceilings(): Promise<DeviceCeilings> {
    return this.exclusively(async () => {
      // In memory of its own: what is measured in would stay with the sessions that are open.
      const apart = new WasmDevice(await this.#start(), this.#start, this.info.description, false);
      try {
        const flops_per_second = await bestProduct(apart);
        return { flops_per_second, bytes_per_second: await bestCopy(apart.machine) };
      } finally {
        apart.dispose();
      }
    });
  }

  exclusively<T>(work: () => Promise<T> | T): Promise<T> {
    return this.#turns.take(() => {
      if (this.#gone !== null) throw this.#gone;
      return work();
    });
  }

  whenIdle(work: () => void): void {
    this.#turns.whenIdle(work, (cause) => this.#fall(notGivenBack(cause)));
  }

  closed(session: WasmSession): void {
    this.#sessions.delete(session);
    this.#shrink();
  }

  dispose(): void {
    for (const session of [...this.#sessions]) session.dispose();
    this.#gone ??= deviceErrors.lost({ message: 'The device was closed' });
    this.whenIdle(() => {
      this.#machine?.dispose();
      this.#machine = null;
    });
  }

  async #ready(): Promise<void> {
    if (this.#machine === null) this.#use(await this.#start());
  }

  #use(machine: Machine): void {
    this.#machine = machine;
    void machine.lost.then((reason) => {
      if (this.#machine === machine) this.#fall(reason);
    });
  }

  #fall(reason: AnnealError): void {
    this.#gone ??= reason;
    this.#lose(this.#gone);
  }

  #shrink(): void {
    if (this.#sessions.size > 0 || this.#machine === null) return;
    if (this.#machine.heap.memory.buffer.byteLength <= KEPT_BYTES) return;
    this.#machine.dispose();
    this.#machine = null;
  }
}
