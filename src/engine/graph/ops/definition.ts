import type { Dim } from '../dim.ts';
import type { DType, Node, NodeOf, OpAttributes, OpName } from '../ir.ts';
import { sizeOf } from '../sizes.ts';

/** What makes nodes: the builder, seen from gradients, models and optimizers. */
export interface Graph {
  /** `target` is the shape of ops whose shape does not follow from their inputs (reshape, slice, constant, ...). */
  node<K extends OpName>(
    op: K,
    inputs: readonly Node[],
    attributes: OpAttributes[K],
    target?: readonly Dim[],
    dtype?: DType,
  ): Node;
}

/** How a shape rule says that something does not fit. */
export interface ShapeChecks {
  /** Records an issue where the values differ; returns the dimension to go on with. */
  equal(left: Dim, right: Dim, because: string): Dim;
  atMost(left: Dim, right: Dim, because: string): void;
  /** Ranks and counts of inputs are the program's own affair: throws. */
  malformed(message: string): never;
}

/** A gradient that covers only a part of the tensor: what lies outside is 0. Neighbours are joined by autodiff. */
export interface Piece {
  readonly begin: readonly number[];
  readonly value: Node;
}

export type Contribution = Node | Piece | null;

export interface GradientRequest<K extends OpName> {
  readonly graph: Graph;
  readonly node: NodeOf<K>;
  readonly inputs: readonly Node[];
  /** The gradient of the loss with respect to the node. */
  readonly dy: Node;
  /** Whether the gradient for this input is wanted at all. */
  needs(input: number): boolean;
}

export interface OpDefinition<K extends OpName> {
  /** The shape of the output. `target` is undefined unless the caller gave one. */
  infer(
    checks: ShapeChecks,
    inputs: readonly Node[],
    attributes: OpAttributes[K],
    target: readonly Dim[] | undefined,
  ): readonly Dim[];
  /** 'first': that of the first input. 'given': said by the caller, else f32. */
  readonly dtype: DType | 'first' | 'given';
  /** One contribution per input; null for the whole where the op cannot be differentiated. */
  readonly gradient: ((request: GradientRequest<K>) => readonly Contribution[]) | null;
  /** Floating-point operations that it takes, a multiply-add counting as 2; a transcendental function counts as 1. */
  flops(node: NodeOf<K>, inputs: readonly Node[]): number;
  /** Inputs that the output may overwrite: every element is read before the same element is written. */
  readonly inPlace: readonly number[];
}

export type OpFamily<K extends OpName> = { readonly [Name in K]: OpDefinition<Name> };

export function elements(node: Node): number {
  return sizeOf(node.shape);
}

export function lastDim(checks: ShapeChecks, node: Node | undefined): Dim {
  const dim = node?.dims[node.dims.length - 1];
  return dim ?? checks.malformed('an op over the last axis needs an input of rank 1 or more');
}

/** The first `count` inputs, or an error of the program. */
export function expectInputs(checks: ShapeChecks, op: OpName, inputs: readonly Node[], count: number): void {
  if (inputs.length !== count) checks.malformed(`${op} takes ${count} inputs, not ${inputs.length}`);
}
