import type { GraphBuilder } from '../graph/builder.ts';
import type { Node } from '../graph/ir.ts';
import type { ParameterSpec } from '../models/parameter.ts';
import type { OptimizerConfig } from '../training/spec.ts';

/** What one parameter's update is built from. */
export interface UpdateSite {
  readonly g: GraphBuilder;
  readonly config: OptimizerConfig;
  readonly name: string;
  readonly role: ParameterSpec['role'];
  readonly parameter: Node;
  /** Clipped already. */
  readonly gradient: Node;
  /** The decay that is for this parameter: 0 for vectors. */
  readonly weight_decay: number;
  /** A tensor of the parameter's shape that lives between updates; it starts as zeros. */
  moment(prefix: string): Node;
  /** 1 - beta^n of the n-th update, which a running mean that began with zeros is divided by, f32 []. */
  bias(which: 'bias1' | 'bias2'): Node;
  /** Its next value. */
  keep(prefix: string, next: Node): void;
}

/** Returns the parameter's next value. Numbers that change from update to update flow in as inputs. */
export type UpdateRule = (site: UpdateSite) => Node;

/** The learning rate of this update, f32 []. */
export function learningRate(g: GraphBuilder): Node {
  return g.input('learning_rate', [], 'f32');
}
