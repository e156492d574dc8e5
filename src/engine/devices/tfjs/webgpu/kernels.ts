import type { WebGPUBackend } from '@tensorflow/tfjs-backend-webgpu';
import { env } from '@tensorflow/tfjs-core';
import { sizeOf } from '../../../graph/sizes.ts';
import { at, type KernelTable, type PlainTable } from '../kernel.ts';
import { matmul, plainKernels } from '../plain.ts';
import { elementwiseKernels } from './elementwise.ts';
import { blockedMatmul } from './matmul.ts';
import { rowKernels } from './rows.ts';
import { sumKernels } from './sums.ts';

/** tfjs's numbers for its matmul programs, less the split-K one, which adds atomically in any order. */
const REDUCE = 0;
const SMALL = 2;
const PACKED = 3;

/** `emulated`: the GPU is computed by the processor. */
export function webgpuKernels(backend: WebGPUBackend, emulated: boolean): KernelTable {
  return {
    ...plainKernels,
    matmul: emulated ? blockedMatmul(backend) : tiledMatmul,
    ...elementwiseKernels(backend),
    ...rowKernels(backend, emulated),
    ...sumKernels(backend, emulated),
  };
}

/** The program is chosen as tfjs would, but never the one whose result depends on the order of threads. */
const tiledMatmul: PlainTable['matmul'] = (o, node, inputs) => {
  const [m, n] = [node.shape.at(-2) ?? 1, node.shape.at(-1) ?? 1];
  const flat = at(inputs, 1).shape.length === 2 && !node.attributes.transpose_a;
  const batch = flat ? 1 : sizeOf(node.shape.slice(0, -2));
  const rows = flat ? sizeOf(node.shape) / n : m;
  const tiles = batch * Math.ceil(rows / 32) * Math.ceil(n / 32);
  const few = tiles <= 8 || (rows <= 8 && tiles <= 16);
  const type = !few ? PACKED : batch * rows * n <= 128 ? REDUCE : SMALL;
  env().set('WEBGPU_MATMUL_PROGRAM_TYPE', type);
  return matmul(o, node, inputs);
};
