import type { Dim } from '../dim.ts';
import { product } from '../dim.ts';
import { reshape, slice, sumTo, transpose } from '../emit.ts';
import type { Node } from '../ir.ts';
import type { OpFamily, ShapeChecks } from './definition.ts';
import { expectInputs } from './definition.ts';

function only(checks: ShapeChecks, inputs: readonly Node[]): Node {
  const [x] = inputs;
  return x !== undefined && inputs.length === 1 ? x : checks.malformed('an op of one input');
}

function count(dims: readonly Dim[]): number {
  let total = 1;
  for (const dim of dims) total *= dim.value;
  return total;
}

export const shapeOps: OpFamily<'reshape' | 'transpose' | 'slice' | 'concat' | 'broadcast_to' | 'after'> = {
  reshape: {
    infer: (checks, inputs, _attributes, target) => {
      const x = only(checks, inputs);
      if (target === undefined) return checks.malformed('reshape needs a shape');
      if (count(x.dims) !== count(target)) {
        checks.equal(product(x.dims), product(target), 'reshape keeps the number of elements');
      }
      return target;
    },
    dtype: 'first',
    gradient: ({ graph, inputs, dy }) => [reshape(graph, dy, (inputs[0] as Node).dims)],
    flops: () => 0,
    inPlace: [],
  },
  transpose: {
    infer: (checks, inputs, { permutation }) => {
      const x = only(checks, inputs);
      let seen = 0;
      const dims = permutation.map((axis) => {
        seen |= 1 << axis;
        return x.dims[axis] ?? checks.malformed(`axis ${axis} of a tensor of rank ${x.dims.length}`);
      });
      if (permutation.length !== x.dims.length || seen !== (1 << x.dims.length) - 1) {
        checks.malformed(`[${permutation.join(', ')}] is no permutation of ${x.dims.length} axes`);
      }
      return dims;
    },
    dtype: 'first',
    gradient: ({ graph, node, dy }) => {
      const inverse: number[] = [];
      node.attributes.permutation.forEach((from, to) => {
        inverse[from] = to;
      });
      return [transpose(graph, dy, inverse)];
    },
    flops: () => 0,
    inPlace: [],
  },
  slice: {
    infer: (checks, inputs, { begin }, target) => {
      const x = only(checks, inputs);
      if (target === undefined || target.length !== x.dims.length || begin.length !== x.dims.length) {
        return checks.malformed('slice needs a begin and a size for each axis');
      }
      target.forEach((size, axis) => {
        const whole = x.dims[axis] as Dim;
        if ((begin[axis] ?? 0) + size.value > whole.value) {
          checks.atMost(size, whole, 'a slice lies inside its tensor');
        }
      });
      return target;
    },
    dtype: 'first',
    gradient: ({ node, dy }) => [{ begin: node.attributes.begin, value: dy }],
    flops: () => 0,
    inPlace: [],
  },
  concat: {
    infer: (checks, inputs, { axis }) => {
      const first = inputs[0] ?? checks.malformed('concat needs an input');
      const sizes = inputs.map((input) => input.dims[axis] ?? checks.malformed(`concat over axis ${axis}`));
      for (const input of inputs) {
        input.dims.forEach((dim, i) => {
          const other = first.dims[i] ?? checks.malformed('concat takes tensors of one rank');
          if (i !== axis && dim !== other)
            checks.equal(other, dim, 'concat joins tensors that differ in one axis');
        });
      }
      // The sum of sizes is a number: it only ever restores a shape that a slice took apart.
      const total = sizes.reduce((a, size) => a + size.value, 0);
      const joined: Dim = { value: total, terms: [{ coefficient: total, powers: {} }], assumed: false };
      return first.dims.map((dim, i) => (i === axis ? joined : dim));
    },
    dtype: 'first',
    gradient: ({ graph, node, inputs, dy, needs }) => {
      const { axis } = node.attributes;
      let position = 0;
      return inputs.map((input, i) => {
        const begin = input.dims.map((_, d) => (d === axis ? position : 0));
        position += input.shape[axis] ?? 0;
        return needs(i) ? slice(graph, dy, begin, input.dims) : null;
      });
    },
    flops: () => 0,
    inPlace: [],
  },
  broadcast_to: {
    infer: (checks, inputs, _attributes, target) => {
      const x = only(checks, inputs);
      if (target === undefined || target.length < x.dims.length) {
        return checks.malformed("broadcast_to needs a shape of its input's rank or more");
      }
      const extra = target.length - x.dims.length;
      x.dims.forEach((dim, axis) => {
        const to = target[axis + extra] as Dim;
        if (dim.value !== 1) checks.equal(dim, to, 'only dimensions of 1 are repeated');
      });
      return target;
    },
    dtype: 'first',
    gradient: ({ graph, inputs, dy }) => [sumTo(graph, dy, (inputs[0] as Node).dims)],
    flops: () => 0,
    inPlace: [],
  },
  after: {
    infer: (checks, inputs) => {
      expectInputs(checks, 'after', inputs, 2);
      return (inputs[0] as Node).dims;
    },
    dtype: 'first',
    gradient: ({ dy }) => [dy, null],
    flops: () => 0,
    inPlace: [0],
  },
};
