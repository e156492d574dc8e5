import type { Feeds } from '../device.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import type { Node } from '../graph/ir.ts';
import type { SymbolicParameter } from '../models/parameter.ts';
import type { OptimizerConfig } from '../training/spec.ts';
import { adamw } from './adamw.ts';
import { clipped, globalNorm } from './clip.ts';
import { lion } from './lion.ts';
import { muon } from './muon.ts';
import type { UpdateRule } from './rule.ts';
import { sgd } from './sgd.ts';

const RULES: Readonly<Record<OptimizerConfig['optim'], UpdateRule>> = { adamw, sgd, lion, muon };

export interface Update {
  /** Over all gradients, before clipping. */
  readonly grad_norm: Node;
  /** State name -> next value: parameters and what the optimizer keeps. */
  readonly updates: Readonly<Record<string, Node>>;
}

/** Adds clipping and the optimizer's update of every parameter to the graph; gradients in the order of parameters. */
export function buildUpdate(
  g: GraphBuilder,
  config: OptimizerConfig,
  parameters: readonly SymbolicParameter[],
  gradients: readonly Node[],
): Update {
  const rule = RULES[config.optim];
  const updates: Record<string, Node> = {};
  g.kind = 'gradients';
  const grad_norm = globalNorm(g, gradients);
  const usable = clipped(g, gradients, grad_norm, config.max_grad_norm);
  parameters.forEach(({ name, dims, role }, i) => {
    g.scope = name;
    g.kind = 'activations'; // what an update needs on its way; what it keeps is state
    const next = rule({
      g,
      config,
      name,
      role,
      parameter: g.state(name, dims, 'parameter'),
      gradient: usable[i] ?? g.malformed(`there is no gradient for ${name}`),
      weight_decay: dims.length >= 2 ? config.weight_decay : 0,
      moment: (prefix) => g.state(`${prefix}.${name}`, dims, 'optimizer'),
      keep: (prefix, value) => {
        updates[`${prefix}.${name}`] = value;
      },
    });
    updates[name] = g.mark(next, 'weights');
  });
  g.scope = '';
  g.kind = 'activations';
  return { grad_norm, updates };
}

/**
 * What an update has to be fed besides the batch: the learning rate, and Adam's bias corrections, which
 * follow from how many updates there are with this one (1 for the first).
 */
export function updateFeeds(config: OptimizerConfig, learning_rate: number, update: number): Feeds {
  if (config.optim === 'sgd' || config.optim === 'lion') return { learning_rate };
  return { learning_rate, bias1: 1 - config.adam_beta1 ** update, bias2: 1 - config.adam_beta2 ** update };
}
