import type { BackendWasm } from '@tensorflow/tfjs-backend-wasm';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../graph/sizes.ts';
import { at, type OpContext, type PlainTable } from './kernel.ts';

/** What of tfjs's wasm backend is used here beyond its kernels. */
interface Internals {
  dataIdNextNumber: number;
  readonly dataIdMap: {
    get(id: object): { readonly id: number; readonly memoryOffset: number };
  };
  readonly wasm: {
    readonly tfjs: {
      registerTensor(id: number, size: number, offset: number): void;
      disposeData(id: number): void;
    };
    cwrap(name: string, returns: null, takes: readonly string[]): (...values: readonly unknown[]) => void;
  };
}

/**
 * Matmul for the wasm backend. Its kernel is fast only for one pair of matrices that are not transposed
 * (XNNPACK; measured 30 against 1 to 2.5 GFLOP/s). So transposed operands are transposed first, and
 * batches are run pair by pair over aliases into the heap.
 */
export function wasmMatmul(backend: BackendWasm): PlainTable['matmul'] {
  const internals = backend as unknown as Internals;
  const numbers = 'number';
  const multiply = internals.wasm.cwrap('BatchMatMul', null, [
    ...[numbers, 'array', numbers, numbers, 'array', numbers],
    ...[numbers, numbers, numbers],
  ]);

  /** Runs `use` with a tensor number for `size` elements at a byte address, without owning them. */
  const alias = (address: number, size: number): number => {
    const id = internals.dataIdNextNumber++;
    internals.wasm.tfjs.registerTensor(id, size, address);
    return id;
  };

  return (o, node, inputs) => {
    const { transpose_a, transpose_b } = node.attributes;
    const a = transpose_a ? transposed(o, at(inputs, 0)) : at(inputs, 0);
    const b = transpose_b ? transposed(o, at(inputs, 1)) : at(inputs, 1);
    const [k, n] = [a.shape.at(-1) ?? 1, b.shape.at(-1) ?? 1];
    const batches = b.shape.length === 2 ? 1 : sizeOf(b.shape.slice(0, -2));
    const m = sizeOf(a.shape) / k / batches;
    const out = o.own(backend.makeOutput([...node.shape], 'float32'));
    const address = (x: TensorInfo) => internals.dataIdMap.get(x.dataId).memoryOffset;
    const [aShape, bShape] = [bytes([1, m, k]), bytes([1, k, n])];
    for (let i = 0; i < batches; i++) {
      // A new number for each pair: XNNPACK keeps packed weights by the number of b until it is disposed.
      const ids = [
        alias(address(a) + i * m * k * 4, m * k),
        alias(address(b) + i * k * n * 4, k * n),
        alias(address(out) + i * m * n * 4, m * n),
      ];
      multiply(ids[0], aShape, 3, ids[1], bShape, 3, false, false, ids[2]);
      for (const id of ids) internals.wasm.tfjs.disposeData(id);
    }
    return out;
  };
}

function transposed(o: OpContext, x: TensorInfo): TensorInfo {
  const rank = x.shape.length;
  const perm = x.shape.map((_, d) => d);
  [perm[rank - 2], perm[rank - 1]] = [rank - 1, rank - 2];
  return o.call('Transpose', { x }, { perm });
}

function bytes(shape: readonly number[]): Uint8Array {
  return new Uint8Array(Int32Array.from(shape).buffer);
}
