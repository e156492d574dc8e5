import type { OpName } from '../ir.ts';
import { attentionOps } from './attention.ts';
import type { OpDefinition } from './definition.ts';
import { elementwiseOps } from './elementwise.ts';
import { linearOps } from './linear.ts';
import { neuralOps } from './neural.ts';
import { optimizerOps } from './optimizer.ts';
import { reduceOps } from './reduce.ts';
import { samplingOps } from './sampling.ts';
import { shapeOps } from './shape.ts';
import { sourceOps } from './source.ts';

/** Every op's rules. An op of `OpAttributes` that is missing here is a type error. */
export const OPS: { readonly [K in OpName]: OpDefinition<K> } = {
  ...sourceOps,
  ...elementwiseOps,
  ...reduceOps,
  ...shapeOps,
  ...linearOps,
  ...neuralOps,
  ...attentionOps,
  ...samplingOps,
  ...optimizerOps,
};

export const OP_NAMES = Object.keys(OPS) as readonly OpName[];

/** The rules of an op that is known only at run time. Safe where node and definition have the same name. */
export function definitionOf(op: OpName): OpDefinition<OpName> {
  return OPS[op] as OpDefinition<OpName>;
}
