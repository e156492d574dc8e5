import type { ActivationGradOp, BinaryOp, UnaryOp } from '../ir.ts';

/**
 * A chain of elementwise steps that one kernel computes without going through memory: what `elementwise`
 * runs over tensors, and `matmul` over its product. Values are numbered: operands first, then the result
 * of each step. Straight-line, no loops, each step reads values before it.
 */
export interface Expression {
  /** How many operands there are; values 0 to operands - 1. In a matmul's epilogue value 0 is the product. */
  readonly operands: number;
  readonly steps: readonly ExpressionStep[];
  /** The values that are stored, one for each output of the call. */
  readonly stores: readonly number[];
}

/** Meanings are those of the ops of the same name in ir.ts. */
export type UnaryStep = UnaryOp | SlopeStep;
/** The derivative of the op of this name: what its gradient multiplies by. */
export type SlopeStep = 'gelu_slope' | 'gelu_new_slope' | 'silu_slope';
export type BinaryStep = ActivationGradOp | BinaryOp;

export type ExpressionStep =
  | { readonly op: UnaryStep; readonly args: readonly [number] }
  | { readonly op: BinaryStep; readonly args: readonly [number, number] }
  | { readonly op: 'where'; readonly args: readonly [number, number, number] }
  | {
      readonly op: 'affine';
      readonly args: readonly [number];
      readonly factor: number;
      readonly offset: number;
    }
  | { readonly op: 'ema' | 'ema_square'; readonly args: readonly [number, number]; readonly beta: number }
  /** (p, m, v, lr, bias1, bias2) */
  | {
      readonly op: 'adamw_update';
      readonly args: readonly [number, number, number, number, number, number];
      readonly epsilon: number;
      readonly weight_decay: number;
    }
  /** (p, direction, lr) */
  | {
      readonly op: 'decayed_update';
      readonly args: readonly [number, number, number];
      readonly weight_decay: number;
    }
  /** A number. */
  | { readonly op: 'constant'; readonly args: readonly []; readonly value: number }
  /** (seed, an i32 operand of shape []) -> 0 or 1 / (1 - rate) by the index of the element in the output. */
  | {
      readonly op: 'dropout_mask';
      readonly args: readonly [number];
      readonly rate: number;
      readonly stream: number;
    };
