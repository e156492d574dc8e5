import type { TensorInfo } from '@tensorflow/tfjs-core';
import { AnnealError } from '../../../base/error.ts';
import type { Executable, Session } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { Program, StateSpec } from '../../graph/ir.ts';
import { sizeOf } from '../../graph/sizes.ts';
import { checkWritten, stateIn, statesByName } from '../states.ts';
import { explain, readBack, type TfjsBackend } from './backend.ts';
import { type ExecutableOwner, TfjsExecutable } from './executable.ts';
import { checkSize, planProgram } from './plan.ts';
import type { Scalars } from './scope.ts';

/** What a session needs of the device that opened it. */
export interface SessionOwner {
  readonly backend: TfjsBackend;
  readonly scalars: Scalars;
  /** Runs `work` when all before it is done. Rejects at once when the device is lost meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  /** Runs `work` when nothing is under way. */
  whenIdle(work: () => void): void;
  closed(session: TfjsSession): void;
}

export class TfjsSession implements Session, ExecutableOwner {
  readonly #owner: SessionOwner;
  readonly #specs: ReadonlyMap<string, StateSpec>;
  readonly #tensors = new Map<string, TensorInfo>();
  readonly #executables = new Set<TfjsExecutable>();
  #live = 0;
  #peak = 0;
  #disposed = false;

  constructor(owner: SessionOwner, state: readonly StateSpec[]) {
    this.#owner = owner;
    this.#specs = statesByName(state);
  }

  get device(): TfjsBackend {
    return this.#owner.backend;
  }

  get scalars(): Scalars {
    return this.#owner.scalars;
  }

  /** Fills the state with zeros; called once, by the device. */
  async start(): Promise<void> {
    await this.exclusively(() =>
      this.#guarded(() => {
        for (const [name, spec] of this.#specs) {
          checkSize(`The state ${name}`, spec.shape, this.device.info.limits.max_buffer_bytes);
          const size = sizeOf(spec.shape);
          const zeros = spec.dtype === 'i32' ? new Int32Array(size) : new Float32Array(size);
          this.#tensors.set(name, this.upload(zeros, spec.shape));
        }
      }),
    );
  }

  write(name: string, values: Float32Array | Int32Array): Promise<void> {
    return this.exclusively(async () => {
      const spec = stateIn(this.#specs, name);
      checkWritten(spec, values);
      const made: TensorInfo[] = [];
      try {
        await this.#guarded(() => made.push(this.upload(values, spec.shape)));
      } catch (error) {
        for (const tensor of made) this.free(tensor);
        throw error;
      }
      for (const tensor of made) this.replace(name, tensor);
      this.count(-values.length * 4); // `replace` keeps the state's bytes as they were
    });
  }

  read(name: string): Promise<Float32Array> {
    return this.exclusively(async () => {
      stateIn(this.#specs, name);
      try {
        return await readBack(this.device.backend, this.tensor(name));
      } catch (error) {
        throw error instanceof AnnealError ? error : explain(error);
      }
    });
  }

  async compile(program: Program): Promise<Executable> {
    return this.exclusively(async () => {
      const plan = planProgram(program, this.#specs, this.device.info.limits.max_buffer_bytes);
      const executable = await this.#guarded(() => new TfjsExecutable(this, plan));
      this.#executables.add(executable);
      return executable;
    });
  }

  /** Where freed tensors stay in a pool, the most that this session ever had; else what it has now. */
  memoryBytes(): number | null {
    return this.device.pooled ? this.#peak : this.#live;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.#owner.whenIdle(() => {
      for (const executable of [...this.#executables]) executable.release();
      for (const tensor of this.#tensors.values()) this.free(tensor);
      this.#tensors.clear();
      this.#owner.closed(this);
    });
  }

  // --- for executables

  /** Runs one thing at a time on this device, and fails when the device is lost meanwhile. */
  exclusively<T>(work: () => Promise<T>): Promise<T> {
    return this.#owner.exclusively(() => {
      if (this.#disposed) throw deviceErrors.failed({ message: 'A session was used after it was disposed' });
      return work();
    });
  }

  tensor(name: string): TensorInfo {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) throw deviceErrors.failed({ message: `The session has no state ${name}` });
    return tensor;
  }

  replace(name: string, tensor: TensorInfo): void {
    const old = this.#tensors.get(name);
    this.#tensors.set(name, tensor);
    if (old !== undefined) this.device.backend.disposeData(old.dataId);
  }

  upload(values: Float32Array | Int32Array, shape: readonly number[]): TensorInfo {
    const tensor = this.device.upload(values, shape);
    this.count(values.length * 4);
    return tensor;
  }

  free(tensor: TensorInfo): void {
    this.device.backend.disposeData(tensor.dataId);
    this.count(-sizeOf(tensor.shape) * 4);
  }

  whenIdle(work: () => void): void {
    this.#owner.whenIdle(work);
  }

  forget(executable: TfjsExecutable): void {
    this.#executables.delete(executable);
  }

  count(bytes: number): void {
    this.#live += bytes;
    this.#peak = Math.max(this.#peak, this.#live);
  }

  async #guarded<T>(work: () => T): Promise<T> {
    const problem = this.device.watch();
    let result: { readonly value: T } | AnnealError;
    try {
      result = { value: work() };
    } catch (error) {
      result = error instanceof AnnealError ? error : explain(error);
    }
    const seen = await problem();
    if (result instanceof AnnealError) throw result;
    if (seen !== null) throw seen;
    return result.value;
  }
}
