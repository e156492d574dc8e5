import type { Random } from '../../base/random.ts';
import type { OpAttributes, OpName } from '../graph/ir.ts';
import { sizeOf } from '../graph/sizes.ts';

/** What conformance cases are made of. */

export type Operand =
  | { readonly shape: readonly number[]; readonly values: Float32Array }
  | { readonly shape: readonly number[]; readonly ids: Int32Array };

export interface OpCase<K extends OpName> {
  readonly inputs: readonly Operand[];
  readonly attributes: OpAttributes[K];
  /** The output's shape where it does not follow from the inputs. */
  readonly target?: readonly number[];
}

export type Cases<K extends OpName> = (random: Random) => readonly OpCase<K>[];

export function normal(random: Random, ...shape: readonly number[]): Operand {
  return { shape, values: Float32Array.from({ length: sizeOf(shape) }, () => random.normal()) };
}

export function filled(value: number, ...shape: readonly number[]): Operand {
  return { shape, values: new Float32Array(sizeOf(shape)).fill(value) };
}

export function ids(random: Random, below: number, ...shape: readonly number[]): Operand {
  return { shape, ids: Int32Array.from({ length: sizeOf(shape) }, () => random.below(below)) };
}

export function int(value: number): Operand {
  return { shape: [], ids: Int32Array.of(value) };
}

/** A size from 1 on. */
export function size(random: Random, most: number): number {
  return 1 + random.below(most);
}
