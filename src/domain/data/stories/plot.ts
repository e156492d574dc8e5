import type { Random } from '../../../base/random.ts';
import { expand, lines, type Slots } from './expand.ts';

/** A kind of story: facts that belong together, and scenes with several ways to tell each. */
export interface Plot {
  /** One is chosen; its cells are slots beside those of the cast, and may use them. */
  readonly facts: readonly Slots[];
  readonly scenes: readonly (readonly string[])[];
  readonly morals: readonly string[];
}

export function plot(facts: readonly Slots[], scenes: readonly string[], morals: string): Plot {
  return { facts, scenes: scenes.map(lines), morals: lines(morals) };
}

/** The slots of one telling: the cast and one row of facts, written out. */
export function withFacts({ facts }: Plot, people: Slots, random: Random): Slots {
  const chosen = random.pick(facts);
  const written = Object.entries(chosen).map(([key, value]) => [key, expand(value, people, random)]);
  return { ...people, ...Object.fromEntries(written) };
}
