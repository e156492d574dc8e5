import type { DType } from '../../../graph/ir.ts';
import type { KernelCall, KernelPlan, PlanTensor, TensorId } from '../../../graph/lower/kernel-plan.ts';
import { scratchElements } from '../../../graph/lower/scratch.ts';
import { encodePlan } from '../encode/context.ts';
import type { Machine } from '../machine.ts';

const NO_BYTES = { weights: 0, gradients: 0, optimizer: 0, activations: 0, logits: 0, total: 0 };
const ALIGNMENT = 256;

/** A plan of one call, for tests and benches of a kernel by itself. */
export class LoneCall {
  readonly #tensors: PlanTensor[] = [];
  readonly #inputs: Record<string, TensorId> = {};
  readonly #outputs: Record<string, TensorId> = {};
  #bytes = 0;

  /** `row_stride` in elements, as a plan has it. */
  tensor(shape: readonly number[], row_stride: number | null = null, dtype: DType = 'f32'): TensorId {
    const id = this.#tensors.length;
    const place = { in: 'arena', offset: this.#bytes } as const;
    this.#tensors.push({ id, shape, dtype, place, offset: 0, row_stride, kind: 'activations' });
    this.#bytes += Math.ceil((this.elements(id) * 4) / ALIGNMENT) * ALIGNMENT;
    return id;
  }

  input(name: string, ...tensor: Parameters<LoneCall['tensor']>): TensorId {
    const id = this.tensor(...tensor);
    this.#inputs[name] = id;
    return id;
  }

  output(name: string, ...tensor: Parameters<LoneCall['tensor']>): TensorId {
    const id = this.tensor(...tensor);
    this.#outputs[name] = id;
    return id;
  }

  /** From the first to the last, gaps between rows included. */
  elements(id: TensorId): number {
    const { shape, row_stride } = this.#tensors[id] as PlanTensor;
    const size = shape.reduce((a, b) => a * b, 1);
    const width = shape[shape.length - 1] ?? 1;
    return row_stride === null ? size : (size / width - 1) * row_stride + width;
  }

  plan(call: Pick<KernelCall, 'kernel' | 'inputs' | 'outputs' | 'attributes'>): KernelPlan {
    const request = {
      kernel: call.kernel,
      attributes: call.attributes,
      sizes: call.inputs.map((id) => this.elements(id)),
      wanted: call.outputs.map((id) => id !== null),
    };
    const elements = scratchElements(request as Parameters<typeof scratchElements>[0]);
    const scratch = elements > 0 ? this.tensor([elements]) : null;
    return {
      name: call.kernel,
      tensors: this.#tensors,
      calls: [{ ...call, scratch, scope: '', flops: 0, bytes: 0 } as KernelCall],
      inputs: this.#inputs,
      outputs: this.#outputs,
      arena_bytes: this.#bytes,
      arena: NO_BYTES,
      bytes: NO_BYTES,
    };
  }
}

export interface Loaded {
  run(): Promise<void>;
  read(name: string): Float32Array;
  free(): void;
}

/** Puts a plan into a machine's memory: all of its arena is not a number, except what is fed. */
export function load(
  machine: Machine,
  plan: KernelPlan,
  feeds: Readonly<Record<string, Float32Array | Int32Array>>,
): Loaded {
  const { heap, kernels } = machine;
  const arena = heap.take(plan.arena_bytes, 'The arena');
  const places = { arena, state: () => arena };
  const draft = encodePlan(plan, places, 0, kernels.numbers);
  machine.ensureScratch(draft.scratch);
  const bytes = draft.words.length * 4;
  const base = heap.take(bytes, 'The commands');
  const { words, list } = encodePlan(plan, places, base, kernels.numbers);
  heap.ints(base, words.length).set(words);
  heap.floats(arena, plan.arena_bytes / 4).fill(Number.NaN);
  const floats = (id: TensorId | undefined): Float32Array => {
    const { place, shape, row_stride } = plan.tensors[id as number] as PlanTensor;
    const size = shape.reduce((a, b) => a * b, 1);
    const width = shape[shape.length - 1] ?? 1;
    const span = row_stride === null ? size : (size / width - 1) * row_stride + width;
    return heap.floats(arena + (place.in === 'arena' ? place.offset : 0), span);
  };
  for (const [name, values] of Object.entries(feeds)) {
    const at = floats(plan.inputs[name]);
    new (values.constructor as typeof Int32Array)(at.buffer as ArrayBuffer, at.byteOffset, at.length).set(
      values,
    );
  }
  return {
    run: () => machine.run(base + list),
    read: (name) => floats(plan.outputs[name]).slice(),
    free: () => {
      heap.give(base, bytes);
      heap.give(arena, plan.arena_bytes);
    },
  };
}
