/** What a text is made of, for people to look at before they train on it. */
export interface TextFacts {
  /** Unicode code points. */
  readonly characters: number;
  /** A last line without its LF counts. */
  readonly lines: number;
  /** Runs of anything but white space. */
  readonly words: number;
  readonly distinct_characters: number;
  /** The most frequent first; of equals the lower code point. */
  readonly top_characters: readonly { readonly character: string; readonly count: number }[];
  /** The beginning, cut between two characters. */
  readonly preview: string;
}

export interface Inspection {
  readonly top?: number;
  /** UTF-16 units. */
  readonly preview?: number;
}

/** One pass over the text; about 10 ms a megabyte. */
export function inspectText(text: string, { top = 20, preview = 2000 }: Inspection = {}): TextFacts {
  const counts = new Float64Array(0x10000);
  const others = new Map<number, number>();
  let characters = 0;
  let words = 0;
  let inWord = false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    const codePoint = unit >= 0xd800 && unit <= 0xdbff ? (text.codePointAt(i) ?? unit) : unit;
    characters++;
    if (codePoint > 0xffff) {
      others.set(codePoint, (others.get(codePoint) ?? 0) + 1);
      i++;
    } else {
      counts[codePoint] = (counts[codePoint] as number) + 1;
    }
    const blank = isBlank(codePoint);
    if (!blank && !inWord) words++;
    inWord = !blank;
  }
  const found: { codePoint: number; count: number }[] = [];
  counts.forEach((count, codePoint) => {
    if (count > 0) found.push({ codePoint, count });
  });
  for (const [codePoint, count] of others) found.push({ codePoint, count });
  found.sort((a, b) => b.count - a.count || a.codePoint - b.codePoint);
  const feeds = counts[0x0a] as number;
  return {
    characters,
    lines: text.length === 0 ? 0 : feeds + (text.endsWith('\n') ? 0 : 1),
    words,
    distinct_characters: found.length,
    top_characters: found
      .slice(0, top)
      .map(({ codePoint, count }) => ({ character: String.fromCodePoint(codePoint), count })),
    preview: text.slice(0, boundary(text, preview)),
  };
}

function isBlank(codePoint: number): boolean {
  if (codePoint < 0x80) return codePoint === 0x20 || (codePoint >= 9 && codePoint <= 13);
  return (
    codePoint === 0x85 ||
    codePoint === 0xa0 ||
    codePoint === 0x1680 ||
    (codePoint >= 0x2000 && codePoint <= 0x200a) ||
    codePoint === 0x2028 ||
    codePoint === 0x2029 ||
    codePoint === 0x202f ||
    codePoint === 0x205f ||
    codePoint === 0x3000
  );
}

/** The place at or before `at` that is not inside a surrogate pair. */
export function boundary(text: string, at: number): number {
  if (at <= 0 || at >= text.length) return Math.max(0, Math.min(at, text.length));
  const before = text.charCodeAt(at - 1);
  const after = text.charCodeAt(at);
  const inside = before >= 0xd800 && before <= 0xdbff && after >= 0xdc00 && after <= 0xdfff;
  return inside ? at - 1 : at;
}
