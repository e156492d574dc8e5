import type { FusedTable } from '../kernel.ts';
import { activationKernels } from './activations.ts';
import { gatherKernels } from './gather.ts';
import type { HostMemory } from './memory.ts';
import { normalisationKernels } from './normalisation.ts';
import { softmaxKernels } from './softmax.ts';

/** Every fused op as a loop on the processor. */
export function hostKernels(memory: HostMemory): FusedTable {
  return {
    ...activationKernels(memory),
    ...normalisationKernels(memory),
    ...softmaxKernels(memory),
    ...gatherKernels(memory),
  };
}
