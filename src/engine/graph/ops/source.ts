import type { Dim } from '../dim.ts';
import { sizeOf } from '../sizes.ts';
import type { OpFamily, ShapeChecks } from './definition.ts';

function given(checks: ShapeChecks, target: readonly Dim[] | undefined): readonly Dim[] {
  return target ?? checks.malformed('an op without inputs needs its shape');
}

export const sourceOps: OpFamily<'input' | 'state' | 'constant' | 'iota' | 'dropout_mask'> = {
  input: {
    infer: (checks, _inputs, _attributes, target) => given(checks, target),
    dtype: 'given',
    gradient: () => [],
    flops: () => 0,
    inPlace: [],
  },
  state: {
    infer: (checks, _inputs, _attributes, target) => given(checks, target),
    dtype: 'given',
    gradient: () => [],
    flops: () => 0,
    inPlace: [],
  },
  constant: {
    infer: (checks, _inputs, _attributes, target) => given(checks, target),
    dtype: 'given',
    gradient: () => [],
    flops: () => 0,
    inPlace: [],
  },
  iota: {
    infer: (checks, _inputs, _attributes, target) => {
      const dims = given(checks, target);
      return dims.length === 1 ? dims : checks.malformed('iota has one axis');
    },
    dtype: 'i32',
    gradient: () => [],
    flops: () => 0,
    inPlace: [],
  },
  dropout_mask: {
    infer: (checks, _inputs, _attributes, target) => given(checks, target),
    dtype: 'f32',
    gradient: () => [null],
    flops: (node) => sizeOf(node.shape),
    inPlace: [],
  },
};
