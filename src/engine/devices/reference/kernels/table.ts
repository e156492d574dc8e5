import type { OpName } from '../../../graph/ir.ts';
import { attentionKernels } from './attention.ts';
import { elementwiseKernels } from './elementwise.ts';
import type { Kernel } from './kernel.ts';
import { matmulKernels } from './matmul.ts';
import { neuralKernels } from './neural.ts';
import { optimizerKernels } from './optimizer.ts';
import { rotaryKernels } from './rotary.ts';
import { samplingKernels } from './sampling.ts';
import { shapeKernels } from './shape.ts';

/** What runs; inputs and state are there already. An op without a kernel is a type error. */
export const KERNELS: { readonly [K in Exclude<OpName, 'input' | 'state'>]: Kernel<K> } = {
  ...elementwiseKernels,
  ...shapeKernels,
  ...matmulKernels,
  ...neuralKernels,
  ...attentionKernels,
  ...rotaryKernels,
  ...samplingKernels,
  ...optimizerKernels,
};
