import { boundary } from './inspect.ts';

export interface Split {
  readonly train: string;
  /** The last part of the text. */
  readonly validation: string;
}

/**
 * The last `validation_split` of the text (0 to 1, by length in UTF-16 units, so by characters for most
 * texts) is for validation, the rest for training; cut between two characters. nanoGPT cuts
 * tinyshakespeare at the same place.
 */
export function splitText(text: string, validation_split: number): Split {
  const share = Math.min(1, Math.max(0, Number.isFinite(validation_split) ? validation_split : 0));
  const cut = boundary(text, Math.trunc(text.length * (1 - share)));
  return { train: text.slice(0, cut), validation: text.slice(cut) };
}
