import type { Draft, DraftCall } from './draft.ts';

const BYTES_PER_ELEMENT = 4;

/** Bytes that a call must read and write at least: each distinct operand and each result once. */
export function bytesMoved(draft: Draft, call: DraftCall): number {
  return BYTES_PER_ELEMENT * elementsMoved(draft, call);
}

function elementsMoved(draft: Draft, call: DraftCall): number {
  const size = (id: number | null | undefined): number => (id == null ? 0 : draft.value(id).size);
  switch (call.kernel) {
    case 'copy':
      return 2 * call.attributes.extent.reduce((a, b) => a * b, 1);
    case 'embedding': {
      // Of the table only rows that are looked up.
      const { rows, width } = call.attributes;
      return Math.min(rows * width, size(call.inputs[0])) + rows + size(call.outputs[0]);
    }
    case 'cache_write':
    case 'cache_append':
      return 2 * size(call.inputs[1]) + size(call.inputs[2]);
    default: {
      let total = 0;
      const { inputs } = call;
      // Only short lists name a tensor twice.
      for (let i = 0; i < inputs.length; i++) {
        if (inputs.length > 16 || inputs.indexOf(inputs[i] as number) === i) total += size(inputs[i]);
      }
      for (const id of call.outputs) total += size(id);
      return total;
    }
  }
}
