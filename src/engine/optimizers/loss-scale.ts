import type { GraphBuilder } from '../graph/builder.ts';
import { affine, broadcastTo, constant, NONE, unary } from '../graph/emit.ts';
import type { Node } from '../graph/ir.ts';

/**
 * Dynamic loss scaling (Micikevicius et al., 2018, "Mixed precision training", with PyTorch's GradScaler's
 * constants): the loss is multiplied so that small gradients are still numbers as halves. Where a gradient
 * left the range, nothing is updated and the scale is halved; after many good updates it is doubled. All
 * of it is part of the program, so it is the same on every device. Scales are powers of two, which change
 * no digit of a gradient.
 */
export const FIRST_SCALE = 65_536;
export const GROWTH_INTERVAL = 2_000;
/**
 * PyTorch sets no limit. Here gradients of parameters are f32, which overflow much later than halves: on a
 * device that stores no halves nothing would ever end the doubling. At 2^24 a gradient of 2^-48 is still a
 * half, and the squares of gradients up to 10^12 add up to an f32.
 */
export const LARGEST_SCALE = 2 ** 24;
export const SMALLEST_SCALE = 1;

/** What the loss is multiplied by, as of the last update, f32 []. State starts as 0, which stands for the first scale. */
export function lossScale(g: GraphBuilder): Node {
  const kept = g.state('loss_scale', [], 'optimizer');
  return g.node('where', [kept, kept, constant(g, FIRST_SCALE)], NONE);
}

/** The scale after an update that was skipped at this one. */
export function lowered(loss_scale: number): number {
  return Math.max(loss_scale / 2, SMALLEST_SCALE);
}

/** One update under a loss scale: whether it is made, and what becomes of the scale. */
export class ScaledUpdate {
  readonly scale: Node;
  /** 1 where all gradients are numbers, f32 []. */
  readonly finite: Node;
  readonly #g: GraphBuilder;

  /** `squares`: the sum of the squares of all scaled gradients, []. */
  constructor(g: GraphBuilder, squares: Node) {
    this.#g = g;
    this.scale = lossScale(g);
    this.finite = unary(g, 'is_finite', squares);
  }

  /** `next`, or what was before where the update is skipped. */
  guard(next: Node, before: Node): Node {
    const g = this.#g;
    return g.node('where', [broadcastTo(g, this.finite, before.dims), next, before], NONE);
  }

  /** 1 where nothing is updated, f32 []. */
  skipped(): Node {
    return affine(this.#g, this.finite, -1, 1);
  }

  /** Next values of the state that the scale is kept in. */
  updates(): Readonly<Record<string, Node>> {
    const g = this.#g;
    const choose = (condition: Node, a: Node, b: Node) => g.node('where', [condition, a, b], NONE);
    const zero = constant(g, 0);
    const counted = affine(g, g.state('good_steps', [], 'optimizer'), 1, 1);
    const grows = g.node('greater', [counted, constant(g, GROWTH_INTERVAL - 0.5)], NONE);
    const grown = g.node('minimum', [affine(g, this.scale, 2), constant(g, LARGEST_SCALE)], NONE);
    const less = g.node('maximum', [affine(g, this.scale, 0.5), constant(g, SMALLEST_SCALE)], NONE);
    return {
      loss_scale: choose(this.finite, choose(grows, grown, this.scale), less),
      good_steps: choose(this.finite, choose(grows, zero, counted), zero),
    };
  }

  /**
   * 1 - beta^n, where n counts the updates that were made, this one included: it is kept as the running mean
   * of 1, so that one that is skipped does not count.
   */
  bias(name: string, beta: number): { readonly value: Node; readonly next: Node; readonly name: string } {
    const g = this.#g;
    const before = g.state(name, [], 'optimizer');
    const value = g.node('ema', [before, constant(g, 1)], { beta });
    return { name, value, next: this.guard(value, before) };
  }
}
