import { assertNever } from '../../../base/assert-never.ts';
import { sizeOf } from '../sizes.ts';
import type { Cluster } from './cluster.ts';
import type { CallOrigin } from './draft.ts';
import type { Expression, ExpressionStep } from './expression.ts';
import { matmulSizes } from './matmul.ts';
import type { Operand } from './operands.ts';
import type { StepNode } from './steps.ts';
import { appendStep } from './steps.ts';

/** A cluster as one call: `elementwise`, or `matmul` with what follows it as its epilogue. */
export function emitCluster(cluster: Cluster): void {
  const { matmul, sums, shape, steps } = cluster;
  const { draft } = cluster.fusion;
  const stored = cluster.values.filter((id) => cluster.isStored(id));
  const { expression, operands } = expressionOf(cluster, stored);
  const origin = originOf(cluster);
  const outputs = stored.map((id) => (draft.value(id).row_stride === null ? draft.view(id, shape) : id));
  if (matmul === null) {
    draft.call('elementwise', operands, outputs, { expression }, origin);
    return;
  }
  if (sums !== null) outputs.push(sums.node);
  const epilogue = steps.length === 0 ? null : expression;
  const attributes = { ...matmulSizes(draft, matmul), epilogue, sums: sums?.of ?? null };
  draft.call('matmul', [...matmul.inputs, ...operands], outputs, attributes, origin);
}

function originOf({ fusion, group, matmul, steps }: Cluster): CallOrigin {
  let flops = 0;
  for (const id of group.members) flops += fusion.draft.origin(fusion.nodes[id] as StepNode).flops;
  const named = matmul ?? (fusion.nodes[steps[steps.length - 1] as number] as StepNode);
  return { scope: named.scope, flops };
}

/** Where an argument of a step comes from. */
type Source =
  | { readonly from: 'step'; readonly node: number }
  | { readonly from: 'tensor'; readonly id: number }
  | { readonly from: 'constant'; readonly value: number }
  | { readonly from: 'mask'; readonly seed: number; readonly rate: number; readonly stream: number };

/** Operands are numbered as they are first read, behind the product where there is one; steps come after. */
function expressionOf(cluster: Cluster, stored: readonly number[]) {
  const { fusion, steps, matmul } = cluster;
  const sources = steps.map((id) =>
    (fusion.operands[id] as readonly Operand[]).map((operand) => sourceOf(cluster, operand)),
  );
  const tensors: number[] = [];
  const numberOf = new Map<number, number>();
  const first = matmul === null ? 0 : 1;
  for (const source of sources.flat()) {
    const id = source.from === 'tensor' ? source.id : source.from === 'mask' ? source.seed : null;
    if (id === null || numberOf.has(id)) continue;
    numberOf.set(id, first + tensors.length);
    tensors.push(id);
  }
  const operands = first + tensors.length;
  const list: ExpressionStep[] = [];
  const made = new Map<string, number>();
  const once = (key: string, step: ExpressionStep): number => {
    const known = made.get(key);
    if (known !== undefined) return known;
    list.push(step);
    made.set(key, operands + list.length - 1);
    return operands + list.length - 1;
  };
  const numbers = new Map<number, number>();
  if (matmul !== null) numbers.set(matmul.id, 0);
  steps.forEach((id, i) => {
    const args = (sources[i] as readonly Source[]).map((source): number => {
      switch (source.from) {
        case 'step':
          return numbers.get(source.node) as number;
        case 'tensor':
          return numberOf.get(source.id) as number;
        case 'constant':
          return once(`constant ${source.value}`, { op: 'constant', args: [], value: source.value });
        case 'mask': {
          const { rate, stream } = source;
          const seed = numberOf.get(source.seed) as number;
          return once(`mask ${seed} ${rate} ${stream}`, { op: 'dropout_mask', args: [seed], rate, stream });
        }
        default:
          return assertNever(source);
      }
    });
    const [x] = sources[i] as readonly Source[];
    const [a = 0, b = 0] = args;
    const value =
      x?.from === 'tensor' && fusion.slopes.has(fusion.base(x.id))
        ? once(`gradient ${id}`, { op: 'mul', args: [a, b] })
        : appendStep(fusion.nodes[id] as StepNode, args, list, operands);
    numbers.set(id, value);
  });
  const stores = stored.map((id) => {
    const value = numbers.get(id) as number;
    const slope = fusion.slopes.get(id);
    return slope === undefined ? value : once(`slope of ${id}`, { op: slope, args: [value] });
  });
  const expression: Expression = { operands, steps: list, stores };
  return { expression, operands: tensors };
}

function sourceOf(cluster: Cluster, operand: Operand): Source {
  if (operand.from === 'constant') return operand;
  const { draft } = cluster.fusion;
  if (operand.from === 'mask') {
    const { rate, stream } = operand.node.attributes;
    return { from: 'mask', seed: draft.view(operand.node.inputs[0] as number, []), rate, stream };
  }
  const { base, size, shape } = draft.value(operand.id);
  if (cluster.makes(operand.id)) return { from: 'step', node: base };
  // In a shape that is broadcast to that of the whole call.
  const seen = size === sizeOf(cluster.shape) ? cluster.shape : size === 1 ? [] : shape;
  return { from: 'tensor', id: draft.view(operand.id, seen) };
}
