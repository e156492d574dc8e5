/**
 * Cuts a text into the pieces within which BPE merges: words with the space before them, numbers,
 * punctuation, white space. The rule is GPT-2's expression; the scanner below is the same rule by hand,
 * several times faster, and a test holds the two together.
 */

/**
 * As it stands in tokenizer.json. White space means the Unicode property (in Rust and in the npm
 * package alike), not JavaScript's `\s`, which adds U+FEFF and leaves out U+0085.
 */
export const GPT2_PATTERN =
  "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const LETTER = 1;
const NUMBER = 2;
const SPACE = 3;
const OTHER = 4;

const letter = /^\p{L}$/u;
const number = /^\p{N}$/u;
const space = /^\p{White_Space}$/u;

function classify(codePoint: number): number {
  const character = String.fromCodePoint(codePoint);
  if (letter.test(character)) return LETTER;
  if (number.test(character)) return NUMBER;
  return space.test(character) ? SPACE : OTHER;
}

// Zero: not looked up yet. One byte per code point; the pages of planes that no text uses stay untouched.
const classes = new Uint8Array(0x110000);

function classOf(codePoint: number): number {
  const known = classes[codePoint] as number;
  if (known !== 0) return known;
  const found = classify(codePoint);
  classes[codePoint] = found;
  return found;
}

/** Length of the contraction that starts with the apostrophe at `at`, or 0. */
function contraction(text: string, at: number, end: number): number {
  if (at + 1 >= end) return 0;
  const next = text.charAt(at + 1);
  if (next === 's' || next === 't' || next === 'm' || next === 'd') return 2;
  if (at + 2 >= end) return 0;
  const pair = next + text.charAt(at + 2);
  return pair === 're' || pair === 've' || pair === 'll' ? 3 : 0;
}

/** Calls `emit(start, end)` for each piece of text[from, to), in order and without gaps. The text is well formed. */
export function pretokenize(
  text: string,
  from: number,
  to: number,
  emit: (start: number, end: number) => void,
): void {
  let start = from;
  while (start < to) {
    const first = text.charCodeAt(start);
    if (first === 0x27) {
      const length = contraction(text, start, to);
      if (length > 0) {
        emit(start, start + length);
        start += length;
        continue;
      }
    }
    let at = start;
    let code = first;
    // One blank belongs to the word, number or punctuation after it.
    if (first === 0x20 && start + 1 < to) {
      const next = codePointAt(text, start + 1);
      if (classOf(next) !== SPACE) {
        at = start + 1;
        code = next;
      }
    }
    if (at === start) code = codePointAt(text, start);
    const kind = classOf(code);
    let end = at + (code > 0xffff ? 2 : 1);
    while (end < to) {
      const next = codePointAt(text, end);
      if (classOf(next) !== kind) break;
      end += next > 0xffff ? 2 : 1;
    }
    // The last of several white-space characters is left for the word that follows.
    if (kind === SPACE && end < to && end - start > 1) end--;
    emit(start, end);
    start = end;
  }
}

function codePointAt(text: string, at: number): number {
  const unit = text.charCodeAt(at);
  if (unit < 0xd800 || unit > 0xdbff) return unit;
  return text.codePointAt(at) ?? unit;
}
