import type { NodeOf, OpName } from '../ir.ts';
import type { BinaryStep, ExpressionStep, UnaryStep } from './expression.ts';

/** Ops that are one step of an expression over full tensors or ones that are broadcast. */

const UNARY: readonly UnaryStep[] = [
  ...(['neg', 'exp', 'log', 'sqrt', 'rsqrt', 'square', 'abs', 'sign', 'is_finite'] as const),
  ...(['tanh', 'sigmoid', 'relu', 'gelu', 'gelu_new', 'silu'] as const),
];
const BINARY: readonly BinaryStep[] = [
  ...(['relu_grad', 'gelu_grad', 'gelu_new_grad', 'silu_grad'] as const),
  ...(['add', 'sub', 'mul', 'div', 'maximum', 'minimum', 'greater'] as const),
];

export type StepOp =
  | UnaryStep
  | BinaryStep
  | 'where'
  | 'affine'
  | 'ema'
  | 'ema_square'
  | 'adamw_update'
  | 'decayed_update'
  | 'dropout_mask'
  | 'add_n';

const STEP_OPS: ReadonlySet<OpName> = new Set<StepOp>([
  ...UNARY,
  ...BINARY,
  ...(['where', 'affine', 'ema', 'ema_square', 'adamw_update', 'decayed_update', 'dropout_mask'] as const),
  'add_n',
]);

export type StepNode = { [K in StepOp]: NodeOf<K> }[StepOp];

export function isStep(node: { readonly op: OpName }): node is StepNode {
  return STEP_OPS.has(node.op);
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
      if (node.inputs.length === 1) steps.push({ op: node.op as UnaryStep, args: [a] });
      else steps.push({ op: node.op as BinaryStep, args: [a, b] });
  }
  return operands + steps.length - 1;
}
