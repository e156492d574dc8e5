import type { Random } from '../../../base/random.ts';
import { cast } from './cast.ts';
import { capital, expand, type Slots } from './expand.ts';
import { closings, days, openings, portraits } from './frame.ts';
import { plots } from './plots.ts';

/** One story: paragraphs divided by a line end. The random numbers alone decide it. */
export function writeStory(random: Random): string {
  const plot = random.pick(plots);
  const facts = random.pick(plot.facts);
  const people = cast(random, facts);
  const written = Object.entries(facts).map(([key, value]) => [key, expand(value, people, random)]);
  const slots: Slots = { ...people, ...Object.fromEntries(written) };
  const tell = (options: readonly string[]): string => expand(random.pick(options), slots, random);

  const opening = random.pick(openings);
  const first = [expand(opening, slots, random), tell(portraits.filter((line) => fits(line, opening)))];
  // Some openings have the day in them already.
  if (!/\{(sign|pastime)\}/.test(opening)) first.push(tell(days));
  const paragraphs = [first.join(' '), ...plot.scenes.map(tell)];
  const last: string[] = [];
  if (random.below(3) > 0) last.push(tell(closings));
  if (random.below(3) > 0) last.push(tell(plot.morals));
  if (last.length > 0) paragraphs.push(last.join(' '));
  return introduce(paragraphs.join('\n'), slots);
}

/** A portrait must not say again what the opening has said, nor praise a trait that it left out. */
function fits(portrait: string, opening: string): boolean {
  if (portrait.includes('{trait}')) return opening.includes('{trait}');
  if (portrait.includes('{pastime}')) return !opening.includes('{pastime}');
  return true;
}

/** The friend may first turn up in any sentence: there the story says who that is. */
function introduce(story: string, { friend, his }: Slots): string {
  const first = new RegExp(`\\b${friend}\\b`).exec(story);
  if (first === null) return story;
  const after = story.slice(first.index + first[0].length);
  if (/^(?: the| from|, an?) /.test(after)) return story;
  const before = story.slice(0, first.index);
  const introduced = `${his} friend ${friend}`;
  return before + (/(?:[.!?]"? |["\n])$/.test(before) ? capital(introduced) : introduced) + after;
}
