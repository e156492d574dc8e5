import type { AnnealError } from '../../../base/error.ts';
import { deviceErrors } from '../../errors.ts';
import type { PlanTensor } from '../../graph/lower/kernel-plan.ts';
import { extentOf } from '../../graph/sizes.ts';
import type { AdapterFacts } from './adapter-facts.ts';

/** ANN-DEV-002 for a dispatch whose tensors cannot all be bound at once. */
export function noRoom(label: string, tensors: readonly PlanTensor[], adapter: AdapterFacts): AnnealError {
  const [largest] = [...tensors].sort((a, b) => extentOf(b) - extentOf(a));
  const bytes = largest === undefined ? 0 : extentOf(largest) * 4;
  const name = largest === undefined ? 'a tensor' : nameOf(largest);
  const limit = Math.min(adapter.max_binding_bytes, adapter.max_buffer_bytes);
  const many = bytes <= limit * adapter.max_bindings;
  return deviceErrors.outOfMemory({
    message:
      `${label} cannot reach its ${tensors.length} tensors through the ${adapter.max_bindings} storage bindings ` +
      `of a shader here (maxStorageBuffersPerShaderStage), ${limit} bytes each ` +
      `(${adapter.max_binding_bytes <= adapter.max_buffer_bytes ? 'maxStorageBufferBindingSize' : 'maxBufferSize'}); ` +
      `the largest is ${name} of ${bytes} bytes`,
    where: name,
    data: {
      tensor: name,
      bytes,
      limit: many ? 'maxStorageBuffersPerShaderStage' : 'maxStorageBufferBindingSize',
      max_binding_bytes: adapter.max_binding_bytes,
      max_buffer_bytes: adapter.max_buffer_bytes,
      max_bindings: adapter.max_bindings,
    },
  });
}

function nameOf({ place, shape, kind }: PlanTensor): string {
  return place.in === 'state' ? place.name : `[${shape.join(', ')}] (${kind})`;
}
