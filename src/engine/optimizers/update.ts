import type { Feeds } from '../device.ts';
import type { GraphBuilder } from '../graph/builder.ts';
import { div, unary } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';
import type { SymbolicParameter } from '../models/parameter.ts';
import type { OptimizerConfig } from '../training/spec.ts';
import { adamw } from './adamw.ts';
import { clipped, sumOfSquares } from './clip.ts';
import { lion } from './lion.ts';
import { ScaledUpdate } from './loss-scale.ts';
import { muon } from './muon.ts';
import type { UpdateRule } from './rule.ts';
import { sgd } from './sgd.ts';

const RULES: Readonly<Record<OptimizerConfig['optim'], UpdateRule>> = { adamw, sgd, lion, muon };

export interface Update {
  /**
   * grad_norm: over all gradients, before clipping. With loss scaling also loss_scale, which these gradients
   * were made with, and skipped, 1 where nothing is updated.
   */
  readonly outputs: Readonly<Record<string, Node>> & { readonly grad_norm: Node };
  /** State name -> next value: parameters and what the optimizer keeps. */
  readonly updates: Readonly<Record<string, Node>>;
}

export interface UpdateOptions {
  /** The gradients are those of the loss times `lossScale`; where one of them is no number, nothing is updated. */
  readonly loss_scaling?: boolean;
}

/** Adds clipping and the optimizer's update of every parameter to the graph; gradients in the order of parameters. */
export function buildUpdate(
  g: GraphBuilder,
  config: OptimizerConfig,
  parameters: readonly SymbolicParameter[],
  gradients: readonly Node[],
  { loss_scaling = false }: UpdateOptions = {},
): Update {
  const rule = RULES[config.optim];
  g.kind = 'gradients';
  const squares = sumOfSquares(g, gradients);
  const scaled = loss_scaling ? new ScaledUpdate(g, squares) : null;
  const norm = unary(g, 'sqrt', squares);
  const grad_norm = scaled === null ? norm : div(g, norm, scaled.scale);
  const usable = clipped(g, gradients, grad_norm, config.max_grad_norm, scaled?.scale);
  const updates: Record<string, Node> = { ...scaled?.updates() };
  const biases = new Map<string, Node>();
  /** Fed; but what is skipped is known on the device alone, so there it is counted. */
  const bias = (which: 'bias1' | 'bias2'): Node => {
    if (scaled === null) return g.input(which, [], 'f32');
    const known = biases.get(which);
    if (known !== undefined) return known;
    const beta = which === 'bias1' ? config.adam_beta1 : config.adam_beta2;
    const { name, value, next } = scaled.bias(`adam.${which}`, beta);
    updates[name] = next;
    biases.set(which, value);
    return value;
  };
  parameters.forEach(({ name, dims, role }, i) => {
    g.scope = name;
    g.kind = 'activations'; // what an update needs on its way; what it keeps is state
    const parameter = g.state(name, dims, 'parameter');
    const moment = (prefix: string): Node => g.state(`${prefix}.${name}`, dims, 'optimizer');
    const next = rule({
      g,
      config,
      name,
      role,
      parameter,
      gradient: usable[i] ?? g.malformed(`there is no gradient for ${name}`),
      weight_decay: dims.length >= 2 ? config.weight_decay : 0,
      moment,
      bias,
      keep: (prefix, value) => {
        updates[`${prefix}.${name}`] = scaled === null ? value : scaled.guard(value, moment(prefix));
      },
    });
    updates[name] = g.mark(scaled === null ? next : scaled.guard(next, parameter), 'weights');
  });
  g.scope = '';
  g.kind = 'activations';
  const more = scaled === null ? {} : { loss_scale: scaled.scale, skipped: scaled.skipped() };
  return { outputs: { grad_norm, ...more }, updates };
}

/**
 * What an update has to be fed besides the batch: the learning rate, and Adam's bias corrections, which
 * follow from how many updates there are with this one (1 for the first); with loss scaling nobody asks for them.
 */
export function updateFeeds(config: OptimizerConfig, learning_rate: number, update: number): Feeds {
  if (config.optim === 'sgd' || config.optim === 'lion') return { learning_rate };
  return { learning_rate, bias1: 1 - config.adam_beta1 ** update, bias2: 1 - config.adam_beta2 ** update };
}
