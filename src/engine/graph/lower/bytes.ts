import { sizeOf } from '../sizes.ts';
import type { Draft, DraftCall } from './draft.ts';

/** Bytes that a call must read and write at least: each distinct operand and each result once. */
export function bytesMoved(draft: Draft, call: DraftCall): number {
  const bytes = (id: number | null | undefined): number =>
    id == null ? 0 : draft.value(id).size * draft.elementBytes(id);
  switch (call.kernel) {
    case 'copy': {
      const elements = sizeOf(call.attributes.extent);
      const [from = -1] = call.inputs;
      return elements * (draft.elementBytes(from) + draft.elementBytes(call.outputs[0] ?? from));
    }
    case 'embedding': {
      // Of the table only rows that are looked up.
      const { rows, width } = call.attributes;
      return Math.min(4 * rows * width, bytes(call.inputs[0])) + 4 * rows + bytes(call.outputs[0]);
    }
    case 'cache_write':
    case 'cache_append':
      return 2 * bytes(call.inputs[1]) + bytes(call.inputs[2]);
    default: {
      let total = 0;
      const { inputs } = call;
      // Only short lists name a tensor twice.
      for (let i = 0; i < inputs.length; i++) {
        if (inputs.length > 16 || inputs.indexOf(inputs[i] as number) === i) total += bytes(inputs[i]);
      }
      for (const id of call.outputs) total += bytes(id);
      return total;
    }
  }
}
