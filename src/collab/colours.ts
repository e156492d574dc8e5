import { hash32 } from '../base/random.ts';

/** A person's colour: one for carets and labels on light surfaces, one on dark ones. */
export interface PersonColour {
  readonly name: string;
  /** Carries white text; at least 4.5:1 on white. */
  readonly light: string;
  /** Carries black text; at least 4.5:1 on the dark surface. */
  readonly dark: string;
}

/** Neighbours differ in lightness as well as hue, for those who see few hues. */
export const PERSON_COLOURS: readonly PersonColour[] = [
  { name: 'blue', light: '#1864ab', dark: '#74c0fc' },
  { name: 'green', light: '#22703a', dark: '#8ce99a' },
  { name: 'violet', light: '#6741d9', dark: '#b197fc' },
  { name: 'teal', light: '#087262', dark: '#63e6be' },
  { name: 'pink', light: '#a61e4d', dark: '#faa2c1' },
  { name: 'olive', light: '#5c6b0f', dark: '#c0eb75' },
  { name: 'indigo', light: '#364fc7', dark: '#91a7ff' },
  { name: 'brown', light: '#7a4a12', dark: '#e8b98a' },
  { name: 'purple', light: '#862e9c', dark: '#e599f7' },
  { name: 'cyan', light: '#0b6878', dark: '#66d9e8' },
  { name: 'red', light: '#b02525', dark: '#ffa8a8' },
  { name: 'gold', light: '#7d5700', dark: '#ffd43b' },
];

/** The colour that somebody prefers, from their id alone. */
export function preferredColour(id: string): number {
  return hash32(...[...id].map((character) => character.codePointAt(0) ?? 0)) % PERSON_COLOURS.length;
}

/**
 * A colour for each, the same on every screen that sees the same people: everybody's preferred one, and
 * where two prefer the same, the one whose id comes later takes the next free.
 */
export function assignColours(ids: readonly string[]): ReadonlyMap<string, number> {
  const taken = new Set<number>();
  const assigned = new Map<string, number>();
  const waiting: string[] = [];
  for (const id of [...new Set(ids)].sort()) {
    const colour = preferredColour(id);
    if (taken.has(colour)) waiting.push(id);
    else {
      taken.add(colour);
      assigned.set(id, colour);
    }
  }
  for (const id of waiting) {
    let colour = preferredColour(id);
    for (let tries = 0; taken.has(colour) && tries < PERSON_COLOURS.length; tries++)
      colour = (colour + 1) % PERSON_COLOURS.length;
    taken.add(colour);
    assigned.set(id, colour);
  }
  return assigned;
}
