import type { Dim } from '../dim.ts';
import { product } from '../dim.ts';
import { matmul, reshape, swapLast } from '../emit.ts';
import type { Node } from '../ir.ts';
import type { GradientRequest, OpFamily, ShapeChecks } from './definition.ts';
import { elements, expectInputs } from './definition.ts';

function lastTwo(checks: ShapeChecks, x: Node, transposed: boolean): readonly [Dim, Dim] {
  const rank = x.dims.length;
  const rows = x.dims[rank - 2];
  const columns = x.dims[rank - 1];
  if (rows === undefined || columns === undefined)
    return checks.malformed('matmul of a tensor of rank below 2');
  return transposed ? [columns, rows] : [rows, columns];
}

/** d(a b) = da b + a db, with each operand possibly stored transposed. */
function matmulGradient(r: GradientRequest<'matmul'>): readonly (Node | null)[] {
  const { graph, dy } = r;
  const { transpose_a, transpose_b } = r.node.attributes;
  const [a, b] = r.inputs as [Node, Node];
  const shared = b.dims.length === 2 && a.dims.length > 2;
  return [r.needs(0) ? gradientOfA() : null, r.needs(1) ? gradientOfB() : null];

  function gradientOfA(): Node {
    if (!transpose_a) return matmul(graph, dy, b, false, !transpose_b);
    if (shared) return swapLast(graph, matmul(graph, dy, b, false, !transpose_b));
    return matmul(graph, b, dy, transpose_b, true);
  }

  function gradientOfB(): Node {
    let left = a;
    let right = dy;
    let transposed = transpose_a;
    if (shared) {
      left = flatten(transpose_a ? swapLast(graph, a) : a);
      right = flatten(dy);
      transposed = false;
    }
    return transpose_b
      ? matmul(graph, right, left, true, transposed)
      : matmul(graph, left, right, !transposed, false);
  }

  function flatten(x: Node): Node {
    const rank = x.dims.length;
    return reshape(graph, x, [product(x.dims.slice(0, rank - 1)), x.dims[rank - 1] as Dim]);
  }
}

export const linearOps: OpFamily<'matmul'> = {
  matmul: {
    infer: (checks, inputs, { transpose_a, transpose_b }) => {
      expectInputs(checks, 'matmul', inputs, 2);
      const [a, b] = inputs as [Node, Node];
      const [m, k] = lastTwo(checks, a, transpose_a);
      const [k2, n] = lastTwo(checks, b, transpose_b);
      checks.equal(k, k2, 'a matrix product sums over one dimension that both factors have');
      const leading = a.dims.slice(0, a.dims.length - 2);
      if (b.dims.length !== 2 || a.dims.length === 2) {
        if (b.dims.length !== a.dims.length) {
          checks.malformed(`matmul of ranks ${a.dims.length} and ${b.dims.length}`);
        }
        leading.forEach((dim, i) => {
          checks.equal(dim, b.dims[i] as Dim, 'a batched matrix product has one batch');
        });
      }
      leading.push(m, n);
      return leading;
    },
    dtype: 'f32',
    gradient: matmulGradient,
    flops: (node, inputs) => {
      const a = inputs[0] as Node;
      const k = a.shape[a.shape.length - (node.attributes.transpose_a ? 2 : 1)] ?? 0;
      return 2 * k * elements(node as Node);
    },
    inPlace: [],
  },
};
