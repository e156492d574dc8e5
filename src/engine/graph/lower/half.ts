import type { Draft, DraftCall } from './draft.ts';
import type { Ends } from './ends.ts';
import type { KernelAttributes, KernelName, PlanTensor } from './kernel-plan.ts';

/**
 * Which values are kept as IEEE halves. A device's kernels compute in f32 whatever they read; results that
 * are halves are stored four at a time, as one element shares a word with its neighbour, whose thread
 * might write it too. So a kernel says here of which inputs it takes halves, and of which outputs for which
 * shapes; a device that asks for halves has to keep to this table.
 */
interface Accepts<K extends KernelName> {
  /** Inputs by position; 'all' of them. */
  readonly reads: readonly number[] | 'all';
  readonly writes: (attributes: KernelAttributes[K], output: number, results: Results) => boolean;
}

/** The call's outputs. */
interface Results {
  readonly values: readonly (Pick<PlanTensor, 'shape' | 'row_stride'> | null)[];
}

const never = (): boolean => false;
const fours = (...sizes: readonly number[]): boolean => sizes.every((size) => size % 4 === 0);
const first = (output: number): boolean => output === 0;

const ACCEPTS: { readonly [K in KernelName]?: Accepts<K> } = {
  elementwise: {
    reads: 'all',
    writes: (_, __, { values }) => fours(values.find((value) => value !== null)?.shape.at(-1) ?? 1),
  },
  matmul: {
    reads: 'all',
    writes: ({ n, sums }, output, { values }) =>
      fours(n) &&
      (sums === null || output < values.length - 1) &&
      values.every((value) => fours(value?.row_stride ?? 0)),
  },
  reduce_sum: { reads: [0], writes: never },
  reduce_max: { reads: [0], writes: never },
  copy: {
    reads: [0],
    writes: ({ extent, from_offset, from_strides, to_offset, to_strides }) => {
      const last = extent.length - 1;
      const dense = from_strides[last] === 1 && to_strides[last] === 1;
      const steps = [...from_strides.slice(0, last), ...to_strides.slice(0, last)];
      return dense && fours(extent[last] as number, from_offset, to_offset, ...steps);
    },
  },
  embedding: { reads: [], writes: ({ width }) => fours(width) },
  embedding_grad: { reads: [0], writes: never },
  layer_norm: { reads: [0], writes: ({ width }) => fours(width) },
  layer_norm_grad: { reads: [0, 2, 3], writes: ({ width }, output) => first(output) && fours(width) },
  rms_norm: { reads: [0], writes: ({ width }) => fours(width) },
  rms_norm_grad: { reads: [0, 2, 3], writes: ({ width }, output) => first(output) && fours(width) },
  softmax: { reads: [0], writes: ({ width }) => fours(width) },
  softmax_grad: { reads: [0, 1], writes: ({ width }) => fours(width) },
  cross_entropy: { reads: [0], writes: ({ vocab }, output) => output === 1 && fours(vocab) },
  attention: { reads: [0], writes: ({ head_size }, output) => first(output) && fours(head_size) },
  attention_grad: { reads: [0, 1, 3], writes: ({ head_size }) => fours(head_size) },
  rotary_heads: { reads: [0], writes: ({ width, head_size }) => fours(width, head_size / 2) },
};

type Call = Pick<DraftCall, 'kernel' | 'attributes'>;

export function readsHalf({ kernel }: Call, input: number): boolean {
  const reads = ACCEPTS[kernel]?.reads ?? [];
  return reads === 'all' || reads.includes(input);
}

/** `values` are all outputs of the call. */
export function writesHalf(call: Call, output: number, values: Results['values']): boolean {
  const accepts = ACCEPTS[call.kernel] as Accepts<KernelName> | undefined;
  return accepts?.writes(call.attributes, output, { values }) ?? false;
}

/**
 * Fills `draft.halves`: values of the arena that every call that touches them takes as halves. What is fed,
 * read back or becomes a state's next value stays f32, and so do gradients of parameters and all that is
 * computed from them or from an optimizer's state. `fixed` are the bases whose place is asked for.
 */
export function chooseHalves(draft: Draft, ends: Ends, fixed: ReadonlyMap<number, number>): void {
  const refused = new Set<number>(fixed.keys());
  const base = (id: number): number => draft.value(id).base;
  for (const named of [draft.program.inputs, draft.program.state, ends.outputs]) {
    for (const name in named) refused.add(base(named[name] as number));
  }
  for (const { from } of ends.pending) refused.add(base(from));
  const exact = new Set<number>();
  const written = new Set<number>();
  for (const call of draft.calls) {
    refuse(draft, call, refused);
    // The loss scale is a number of the optimizer, and no reason to keep all that is multiplied by it.
    const isExact = call.inputs.some((id) => draft.value(id).size > 1 && isOfUpdate(draft, id, exact));
    for (const id of call.outputs) {
      if (id === null) continue;
      written.add(base(id));
      if (isExact) exact.add(base(id));
    }
  }
  for (const id of written) {
    if (!refused.has(id) && !isOfUpdate(draft, id, exact)) draft.halves.add(id);
  }
}

function isOfUpdate(draft: Draft, id: number, exact: ReadonlySet<number>): boolean {
  const { base } = draft.value(id);
  const { kind } = draft.value(base);
  return kind === 'gradients' || kind === 'optimizer' || exact.has(base);
}

/** Notes the bases that the call cannot take as halves. */
function refuse(draft: Draft, call: DraftCall, refused: Set<number>): void {
  const look = (id: number, accepted: boolean): void => {
    const { base, dtype, offset, row_stride } = draft.value(id);
    if (!accepted || dtype !== 'f32' || !fours(offset, row_stride ?? 0)) refused.add(base);
  };
  call.inputs.forEach((id, input) => {
    look(id, readsHalf(call, input));
  });
  const values = call.outputs.map((id) => (id === null ? null : draft.value(id)));
  call.outputs.forEach((id, output) => {
    if (id === null) return;
    look(id, writesHalf(call, output, values));
  });
}
