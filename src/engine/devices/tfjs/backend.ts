import type { KernelBackend, TensorInfo } from '@tensorflow/tfjs-core';
import type { AnnealError } from '../../../base/error.ts';
import type { DeviceInfo } from '../../device.ts';
import { deviceErrors } from '../../errors.ts';
import type { KernelTable } from './kernel.ts';

/** The kind of backend, as tfjs registers its kernels under it. */
export type KernelsOf = 'webgpu' | 'webgl' | 'wasm' | 'cpu';

/** A tfjs backend that also counts owners of a tensor's elements; all four do. */
export type CountingBackend = KernelBackend & { incRef(dataId: object): void };

/** One tfjs backend, opened: what differs between the four is here, the rest is shared. */
export interface TfjsBackend {
  readonly info: DeviceInfo;
  readonly kernelsOf: KernelsOf;
  readonly backend: CountingBackend;
  readonly kernels: KernelTable;
  /** Resolves when the backend is gone for good. */
  readonly lost: Promise<AnnealError>;
  /** Whether freed memory stays in a pool of ours until `trim`. */
  readonly pooled: boolean;
  /** Moves values over. They may change afterwards. */
  upload(values: Float32Array | Int32Array, shape: readonly number[]): TensorInfo;
  /**
   * Watches for errors that do not throw (a GPU reports its own later). The function returned ends the
   * watch and resolves to what was seen.
   */
  watch(): () => Promise<AnnealError | null>;
  /** Gives pooled memory back; called when no tensor is in use, or after an error. */
  trim(): void;
  dispose(): void;
}

export function share(backend: CountingBackend, tensor: TensorInfo, shape = tensor.shape): TensorInfo {
  backend.incRef(tensor.dataId);
  return { dataId: tensor.dataId, shape, dtype: tensor.dtype };
}

/** A copy of a tensor's elements: the cpu backend would hand out its own. */
export async function readBack(backend: CountingBackend, tensor: TensorInfo): Promise<Float32Array> {
  const values = await backend.read(tensor.dataId);
  if (!ArrayBuffer.isView(values)) throw new TypeError(`A ${tensor.dtype} tensor has no numbers`);
  return Float32Array.from(values as Float32Array | Int32Array | Uint8Array);
}

const NO_MEMORY =
  /out of memory|memory (allocation|access)|allocation failed|Invalid (typed )?array length|OOM/i;

/** What was thrown while computing, as one of the device's errors. */
export function explain(thrown: unknown): AnnealError {
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  const noMemory = thrown instanceof RangeError || NO_MEMORY.test(message);
  const factory = noMemory ? deviceErrors.outOfMemory : deviceErrors.failed;
  return factory({ message: `${factory.title}: ${message}`, cause: thrown });
}

/** The watch of a backend whose errors all throw. */
export function watchNothing(): () => Promise<null> {
  return () => Promise.resolve(null);
}

/** A promise that stays pending: for backends that cannot be lost. */
export function neverLost(): Promise<AnnealError> {
  return new Promise(() => {});
}
