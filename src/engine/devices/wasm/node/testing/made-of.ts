import { Random } from '../../../../../base/random.ts';
import type { Feeds, Outputs } from '../../../../device.ts';
import type { OpAttributes, OpName } from '../../../../graph/ir.ts';
import type { OpCase } from '../../../acceptance-operands.ts';

/** Of every number that is fed so much is added or taken away. */
const PART = 2 ** -10;
/**
 * Signs may cancel, too: two terms do in one draw of two, and in all of these with a probability of 2e-10; the sum of
 * many is below a tenth of its root mean square in one draw of twelve, in all of these with one of 1e-34.
 */
const DRAWS = 32;

/** The square root of the sum of squares. */
export function norm2(values: ArrayLike<number>): number {
  return Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0));
}

/**
 * The 2-norm of what a result is made of: of all numbers x that are fed, x times the result's slope by it, with
 * signs drawn at random, the largest of some draws. Of a sum these are its terms, of a product the product.
 *
 * Every step of f32 may be off by some parts in 2^24 of what it adds up, so a result that terms cancel to next to
 * nothing is right to a part of the terms, not of itself (the condition number of the problem): at its zero the
 * slope of gelu differs between any two ways to compute it. Where nothing cancels this is no more than a few times
 * the result.
 */
export async function madeOf(
  run: (feeds: Feeds) => Promise<Outputs>,
  feeds: Feeds,
  wanted: Outputs,
  seed: number,
): Promise<Readonly<Record<string, number>>> {
  const random = new Random(seed);
  const most: Record<string, number> = {};
  for (let i = 0; i < DRAWS; i++) {
    const nudged = Object.entries(feeds).map(([name, values]) => [
      name,
      values instanceof Float32Array ? values.map((x) => x * (1 + (2 * random.below(2) - 1) * PART)) : values,
    ]);
    const moved = await run(Object.fromEntries(nudged));
    for (const [name, values] of Object.entries(wanted)) {
      const change = norm2(values.map((value, at) => (moved[name]?.[at] ?? Number.NaN) - value));
      most[name] = Math.max(most[name] ?? 0, change / PART);
    }
  }
  return most;
}

/**
 * The 2-norm of what ops add up inside of them that no number that is fed shows, because it goes away whatever they
 * are: of a row of one or two numbers the norm leaves a sign, which has no slope; a sure prediction has no loss.
 */
export function insideOf(op: OpName, { inputs, attributes }: OpCase<OpName>): number {
  const [first = [], second = [], third = []] = inputs.map((one) => ('ids' in one ? one.ids : one.values));
  const width = inputs[0]?.shape.at(-1) ?? 1;
  const rows = first.length / width;
  const row = (i: number): number[] => Array.from(first.slice(i * width, (i + 1) * width));
  if (op === 'layer_norm_grad_x' || op === 'rms_norm_grad_x') {
    // What comes back to the row, scaled as the row was; of that its mean and its part along the row are taken away.
    const { epsilon } = attributes as OpAttributes['layer_norm_grad_x'];
    const scale = Array.from({ length: rows }, (_, i) => {
      const mean = op === 'rms_norm_grad_x' ? 0 : row(i).reduce((sum, x) => sum + x / width, 0);
      return row(i).reduce((sum, x) => sum + (x - mean) ** 2 / width, epsilon) ** -0.5;
    });
    return norm2(
      Array.from(third, (dy, at) => dy * (second[at % width] ?? 0) * (scale[Math.floor(at / width)] ?? 0)),
    );
  }
  // The logarithm of a sum of at least 1, and the largest logit, of which that of the label is taken away.
  if (op === 'cross_entropy')
    return norm2(Array.from({ length: rows }, (_, i) => 1 + Math.max(...row(i).map(Math.abs))));
  // A probability, of which 1 is taken away.
  if (op === 'cross_entropy_grad') return norm2(third);
  return 0;
}
