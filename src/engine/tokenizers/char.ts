import { tokenizerErrors } from './errors.ts';
import type { Tokenizer } from './tokenizer.ts';
import { charJson } from './tokenizer-json.ts';

/**
 * One token per character (Unicode code point) of the text, sorted by code point; no special tokens.
 * An unpaired surrogate counts as U+FFFD. Throws ANN-TOK-007 for an empty text.
 */
export function charTokenizer(text: string): Tokenizer {
  const seen = new Uint8Array(0x110000);
  const whole = text.toWellFormed();
  for (let i = 0; i < whole.length; i++) {
    const unit = whole.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdbff) seen[unit] = 1;
    else seen[whole.codePointAt(i++) ?? unit] = 1;
  }
  const characters: string[] = [];
  for (let codePoint = 0; codePoint < seen.length; codePoint++) {
    if (seen[codePoint] === 1) characters.push(String.fromCodePoint(codePoint));
  }
  if (characters.length === 0) throw tokenizerErrors.noText();
  return createChar(characters);
}

/** The tokenizer whose token `id` is characters[id]. */
export function createChar(characters: readonly string[]): Tokenizer {
  // Most text is in the basic plane, where an array beats a map. Zero: no token; else the id + 1.
  const basic = new Int32Array(0x10000);
  const others = new Map<number, number>();
  characters.forEach((character, id) => {
    const codePoint = character.codePointAt(0) ?? 0;
    if (codePoint > 0xffff) others.set(codePoint, id);
    else basic[codePoint] = id + 1;
  });

  const encode = (text: string): { ids: Int32Array; dropped: number } => {
    const whole = text.toWellFormed();
    const ids = new Int32Array(whole.length);
    let length = 0;
    let dropped = 0;
    for (let i = 0; i < whole.length; i++) {
      const unit = whole.charCodeAt(i);
      const isHigh = unit >= 0xd800 && unit <= 0xdbff;
      const id = isHigh ? (others.get(whole.codePointAt(i++) ?? 0) ?? -1) : (basic[unit] as number) - 1;
      if (id < 0) dropped++;
      else ids[length++] = id;
    }
    return { ids: ids.slice(0, length), dropped };
  };

  const decode = (ids: ArrayLike<number>): string => {
    const parts: string[] = [];
    for (let i = 0; i < ids.length; i++) parts.push(characters[ids[i] as number] ?? '');
    return parts.join('');
  };

  return {
    type: 'char',
    vocab_size: characters.length,
    eos_token_id: null,
    encode,
    decode,
    toJSON: () => charJson(characters),
  };
}
