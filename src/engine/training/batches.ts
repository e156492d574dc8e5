import type { DataOrder } from './order.ts';

/** Token ids; 16 bits do for vocabularies up to 65,536. */
export type Tokens = Int32Array | Uint16Array;

/** What a program is fed: both [batch, context], labels[i] being the token after input_ids[i]. */
export interface Batch {
  readonly input_ids: Int32Array;
  readonly labels: Int32Array;
}

/** Sequences `first` to `first + batch - 1` of the data order. */
export function trainingBatch(
  tokens: Tokens,
  order: DataOrder,
  first: number,
  { batch, context }: { readonly batch: number; readonly context: number },
): Batch {
  const input_ids = new Int32Array(batch * context);
  const labels = new Int32Array(batch * context);
  for (let row = 0; row < batch; row++) {
    const start = order.start(first + row);
    input_ids.set(tokens.subarray(start, start + context), row * context);
    labels.set(tokens.subarray(start + 1, start + context + 1), row * context);
  }
  return { input_ids, labels };
}
