import { lines, type Slots } from './expand.ts';

/** A kind of story: facts that belong together, and scenes with several ways to tell each. */
export interface Plot {
  /**
   * One row is chosen; its cells are slots beside those of the cast, and may use them. A column `only` names the
   * season that the row needs, or `any`.
   */
  readonly facts: readonly Slots[];
  readonly scenes: readonly (readonly string[])[];
  readonly morals: readonly string[];
}

export function plot(facts: readonly Slots[], scenes: readonly string[], morals: string): Plot {
  return { facts, scenes: scenes.map(lines), morals: lines(morals) };
}
