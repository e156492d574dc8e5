import { getKernel, type NamedTensorInfoMap, type TensorInfo } from '@tensorflow/tfjs-core';
import { deviceErrors } from '../../errors.ts';
import type { TfjsBackend } from './backend.ts';
import type { HostTensor, KernelInputs, OpContext } from './kernel.ts';

/** Scalars that kernels need over and over, kept while any session is open. */
export class Scalars {
  readonly #device: TfjsBackend;
  readonly #tensors = new Map<number, TensorInfo>();

  constructor(device: TfjsBackend) {
    this.#device = device;
  }

  get(value: number): TensorInfo {
    let tensor = this.#tensors.get(value);
    if (tensor === undefined) {
      tensor = this.#device.upload(Float32Array.of(value), []);
      this.#tensors.set(value, tensor);
    }
    return tensor;
  }

  clear(): void {
    for (const tensor of this.#tensors.values()) this.#device.backend.disposeData(tensor.dataId);
    this.#tensors.clear();
  }
}

/**
 * One run's view of the device: frees what a kernel made besides its result, and at the end what was
 * derived from the host's values.
 */
export class RunScope implements OpContext {
  readonly #device: TfjsBackend;
  readonly #scalars: Scalars;
  readonly #onHost = new Map<object, Int32Array>();
  readonly #derived = new Map<object, Map<string, TensorInfo>>();
  #made: TensorInfo[] = [];

  constructor(device: TfjsBackend, scalars: Scalars) {
    this.#device = device;
    this.#scalars = scalars;
  }

  call(kernel: string, inputs: KernelInputs, attributes: object = {}): TensorInfo {
    const config = getKernel(kernel, this.#device.kernelsOf);
    if (config === undefined) {
      throw deviceErrors.failed({ message: `${this.#device.info.name} has no kernel ${kernel}` });
    }
    const result = config.kernelFunc({
      // tfjs types inputs as a record, though its Concat wants a list.
      inputs: (Array.isArray(inputs) ? [...inputs] : { ...inputs }) as unknown as NamedTensorInfoMap,
      attrs: { ...attributes },
      backend: this.#device.backend,
    });
    const tensor = Array.isArray(result) ? result[0] : result;
    if (tensor === undefined) throw deviceErrors.failed({ message: `The kernel ${kernel} returned nothing` });
    return this.own(tensor);
  }

  own(tensor: TensorInfo): TensorInfo {
    this.#made.push(tensor);
    return tensor;
  }

  scalar(value: number): TensorInfo {
    return this.#scalars.get(value);
  }

  hostValues(tensor: TensorInfo): Int32Array {
    const values = this.#onHost.get(tensor.dataId);
    if (values === undefined)
      throw deviceErrors.failed({ message: 'A kernel needs a tensor that is not on the host' });
    return values;
  }

  /** Remembers what was uploaded, for `hostValues`. A reshape of it has the same data id. */
  remember(tensor: TensorInfo, values: Int32Array): void {
    this.#onHost.set(tensor.dataId, values);
  }

  derived(tensor: TensorInfo, key: string, make: () => HostTensor): TensorInfo {
    let ofTensor = this.#derived.get(tensor.dataId);
    if (ofTensor === undefined) {
      ofTensor = new Map();
      this.#derived.set(tensor.dataId, ofTensor);
    }
    let made = ofTensor.get(key);
    if (made === undefined) {
      const { values, shape } = make();
      made = this.#device.upload(values, shape);
      ofTensor.set(key, made);
    }
    return made;
  }

  /** Ends a node: frees all that was made since the last, but one owner of `result`. */
  settle(result: TensorInfo | null): void {
    let kept = false;
    for (const tensor of this.#made) {
      if (!kept && result !== null && tensor.dataId === result.dataId) kept = true;
      else this.#device.backend.disposeData(tensor.dataId);
    }
    this.#made = [];
  }

  end(): void {
    this.settle(null);
    for (const ofTensor of this.#derived.values()) {
      for (const tensor of ofTensor.values()) this.#device.backend.disposeData(tensor.dataId);
    }
    this.#derived.clear();
    this.#onHost.clear();
  }
}
