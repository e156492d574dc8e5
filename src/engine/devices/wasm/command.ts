import type { Expression } from '../../graph/lower/expression.ts';
import type {
  KernelAttributes,
  KernelCallOf,
  KernelName,
  PlanTensor,
  TensorId,
} from '../../graph/lower/kernel-plan.ts';

/**
 * What the threads work off: a kernel of the module, its arguments, and into how many independent units
 * the work is cut. Commands follow one another: all units of one are done before the next begins. A
 * kernel call is one command, or several where it has phases. Units must not depend on the number of
 * threads, nor on who computes them: results are the same bits for any number of threads.
 */
export interface Command {
  /** A function that assembly/index.ts exports: `(args: usize, unit: i32, thread: i32): void`. */
  readonly kernel: string;
  /** 32-bit words, in the order in which the kernel reads them: addresses, whole numbers, floats by `f32`. */
  readonly args: readonly number[];
  /**
   * Unit 0 to units - 1; with 0 the command is left out. Threads take one at a time, for some 50 ns, so 10 to 50 microseconds
   * of work are a good unit: small enough that a command of a millisecond is shared evenly.
   */
  readonly units: number;
}

/** What a kernel's encoder is told, and what it may ask for, while a plan is turned into commands. */
export interface EncodeContext {
  tensor(id: TensorId): PlanTensor;
  /** Of the tensor's first element, in bytes; a multiple of 4. 0 for null, which is never a tensor's. */
  readonly address: (id: TensorId | null | undefined) => number;
  /** Puts words beside the commands, for tables that several commands share or a kernel walks; their address. */
  table(words: readonly number[]): number;
  /**
   * The address that `make` returned when this key was first seen in the plan, and whether that was now:
   * for what several calls need and one of them computes.
   */
  shared(key: string, make: () => number): { readonly address: number; readonly made: boolean };
  /** Every thread gets at least so many bytes at `scratch(thread)` (assembly/scratch.ts), a multiple of 64 aligned. */
  threadScratch(bytes: number): void;
  /**
   * Encodes an expression for `evaluate` (assembly/evaluate.ts) and returns its address. `operands` and
   * `outputs` are tensors in the expression's order; null is the product, given to `evaluate` itself.
   */
  expression(
    expression: Expression,
    operands: readonly (TensorId | null)[],
    outputs: readonly TensorId[],
  ): number;
}

/** Turns a call into commands. One file in encode/ for each kernel. */
export type Encode<K extends KernelName> = (
  call: KernelCallOf<K>,
  context: EncodeContext,
) => readonly Command[];

export type Encoders = { readonly [K in KernelName]: Encode<K> };

export type AttributesOf<K extends KernelName> = KernelAttributes[K];

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

/** The bits of a number as f32, as a word. */
export function f32(value: number): number {
  float[0] = value;
  return word[0] as number;
}

/** Into how many units of about `size` so much work goes. */
export function unitsOf(total: number, size: number): number {
  return Math.max(1, Math.ceil(total / size));
}
