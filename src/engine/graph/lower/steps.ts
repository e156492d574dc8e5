import type { NodeOf, OpName, UnaryOp } from '../ir.ts';
import type { BinaryStep, ExpressionStep } from './expression.ts';

/** Ops that are one step of an expression over full tensors or ones that are broadcast. */

export type StepOp =
  | UnaryOp
  | BinaryStep
  | 'where'
  | 'affine'
  | 'ema'
  | 'ema_square'
  | 'adamw_update'
  | 'decayed_update'
  | 'dropout_mask'
  | 'add_n';

/** Keyed by op, so that one that was added to the IR is a type error until it is here. */
const STEP_OPS: { readonly [K in StepOp]: true } = {
  ...{ neg: true, exp: true, log: true, sqrt: true, rsqrt: true, square: true, abs: true, sign: true },
  ...{ is_finite: true, tanh: true, sigmoid: true, relu: true, gelu: true, gelu_new: true, silu: true },
  ...{ relu_grad: true, gelu_grad: true, gelu_new_grad: true, silu_grad: true },
  ...{ add: true, sub: true, mul: true, div: true, maximum: true, minimum: true, greater: true },
  ...{ where: true, affine: true, ema: true, ema_square: true, adamw_update: true, decayed_update: true },
  ...{ dropout_mask: true, add_n: true },
};

export type StepNode = { [K in StepOp]: NodeOf<K> }[StepOp];

export function isStep(node: { readonly op: OpName }): node is StepNode {
  return Object.hasOwn(STEP_OPS, node.op);
}

/** Appends the steps of a node over the values `args`; returns the number of its value. */
export function appendStep(
  node: StepNode,
  args: readonly number[],
  steps: ExpressionStep[],
  operands: number,
): number {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0] = args;
  switch (node.op) {
    case 'add_n': {
      let sum = a;
      for (let i = 1; i < args.length; i++) {
        steps.push({ op: 'add', args: [sum, args[i] as number] });
        sum = operands + steps.length - 1;
      }
      return sum;
    }
    case 'where':
      steps.push({ op: 'where', args: [a, b, c] });
      break;
    case 'affine':
      steps.push({ op: 'affine', args: [a], ...node.attributes });
      break;
    case 'ema':
    case 'ema_square':
      steps.push({ op: node.op, args: [a, b], ...node.attributes });
      break;
    case 'adamw_update':
      steps.push({ op: 'adamw_update', args: [a, b, c, d, e, f], ...node.attributes });
      break;
    case 'decayed_update':
      steps.push({ op: 'decayed_update', args: [a, b, c], ...node.attributes });
      break;
    case 'dropout_mask':
      steps.push({ op: 'dropout_mask', args: [a], ...node.attributes });
      break;
    default:
      if (node.inputs.length === 1) steps.push({ op: node.op as UnaryOp, args: [a] });
      else steps.push({ op: node.op as BinaryStep, args: [a, b] });
  }
  return operands + steps.length - 1;
}
