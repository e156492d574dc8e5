import type { Random } from '../../../base/random.ts';
import { cast } from './cast.ts';
import { expand } from './expand.ts';
import { closings, days, openings, portraits } from './frame.ts';
import { withFacts } from './plot.ts';
import { plots } from './plots.ts';

/** One story: paragraphs divided by a line end. The random numbers alone decide it. */
export function writeStory(random: Random): string {
  const plot = random.pick(plots);
  const slots = withFacts(plot, cast(random), random);
  const tell = (options: readonly string[]): string => expand(random.pick(options), slots, random);
  const opening = random.pick(openings);
  const first = [expand(opening, slots, random), tell(portraits.filter((line) => fits(line, opening)))];
  // Some openings have the day in them already.
  if (!/\{(sign|pastime)\}/.test(opening)) first.push(tell(days));
  const middle = plot.scenes.map((scene) => tell(scene));
  const last: string[] = [];
  if (random.below(3) > 0) last.push(tell(closings));
  if (random.below(3) > 0) last.push(tell(plot.morals));
  return [first.join(' '), ...middle, ...(last.length > 0 ? [last.join(' ')] : [])].join('\n');
}

/** A portrait must not say again what the opening has said, nor praise a trait that it left out. */
function fits(portrait: string, opening: string): boolean {
  if (portrait.includes('{trait}')) return opening.includes('{trait}');
  if (portrait.includes('{pastime}')) return !opening.includes('{pastime}');
  return true;
}
