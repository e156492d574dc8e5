/** The edits that make one text of another, line by line: what is the same in both stays, with who wrote it. */

export interface LineEdit {
  /** UTF-16 offsets into the text before; edits are in order and do not touch. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** How much looking for equal lines may cost; beyond any of these the whole middle is replaced. */
export interface DiffBounds {
  /** Between the first and the last that differ, in either text. */
  readonly lines: number;
  /** Lines that are on one side only: finding more costs their square. */
  readonly differences: number;
  /** Comparisons of two lines: where many are alike, a few differences can take very many. */
  readonly steps: number;
}

const usual: DiffBounds = { lines: 40_000, differences: 200, steps: 400_000 };

/** Myers' greedy algorithm ("An O(ND) difference algorithm and its variations", 1986) over lines. */
export function lineEdits(before: string, after: string, bounds = usual): readonly LineEdit[] {
  if (before === after) return [];
  const { head, tail } = equalEnds(before, after);
  const [end, endAfter] = [before.length - tail, after.length - tail];
  const old = linesOf(before.slice(head, end), bounds.lines);
  const wanted = linesOf(after.slice(head, endAfter), bounds.lines);
  const matches = old === null || wanted === null ? null : commonLines(...numbered(old, wanted), bounds);
  if (old === null || wanted === null || matches === null)
    return [{ start: head, end, text: after.slice(head, endAfter) }];

  const offsets = [head];
  for (const line of old) offsets.push((offsets.at(-1) ?? 0) + line.length);
  const edits: LineEdit[] = [];
  let [atA, atB] = [0, 0];
  for (const [i, j] of [...matches, [old.length, wanted.length] as const]) {
    if (i > atA || j > atB) {
      edits.push({ start: offsets[atA] ?? 0, end: offsets[i] ?? 0, text: wanted.slice(atB, j).join('') });
    }
    [atA, atB] = [i + 1, j + 1];
  }
  return edits;
}

/** How many characters of whole lines two different texts begin and end with alike. */
function equalEnds(a: string, b: string): { readonly head: number; readonly tail: number } {
  const shorter = Math.min(a.length, b.length);
  let head = 0;
  while (head < shorter && a.charCodeAt(head) === b.charCodeAt(head)) head++;
  while (head > 0 && a[head - 1] !== '\n') head--;
  const room = shorter - head;
  let tail = 0;
  while (tail < room && a.charCodeAt(a.length - 1 - tail) === b.charCodeAt(b.length - 1 - tail)) tail++;
  const startsLine = (text: string): boolean =>
    text.length - tail === head || text[text.length - tail - 1] === '\n';
  if (tail > 0 && !(startsLine(a) && startsLine(b))) {
    const feed = a.indexOf('\n', a.length - tail);
    tail = feed < 0 ? 0 : a.length - feed - 1;
  }
  return { head, tail };
}

/** With their line feeds, so that joining them gives the text; null where there are more. */
function linesOf(text: string, most: number): readonly string[] | null {
  const lines: string[] = [];
  for (let at = 0; at < text.length; ) {
    if (lines.length === most) return null;
    const feed = text.indexOf('\n', at);
    const next = feed < 0 ? text.length : feed + 1;
    lines.push(text.slice(at, next));
    at = next;
  }
  return lines;
}

/** Equal lines have equal numbers, which are compared at once however long the lines are. */
function numbered(a: readonly string[], b: readonly string[]): [Int32Array, Int32Array] {
  const numbers = new Map<string, number>();
  const numberOf = (line: string): number => {
    const known = numbers.get(line);
    if (known !== undefined) return known;
    numbers.set(line, numbers.size);
    return numbers.size - 1;
  };
  return [Int32Array.from(a, numberOf), Int32Array.from(b, numberOf)];
}

/** Pairs of equal lines, ascending in both; null where too much differs. */
function commonLines(
  a: Int32Array,
  b: Int32Array,
  bounds: DiffBounds,
): readonly (readonly [number, number])[] | null {
  const max = Math.min(a.length + b.length, bounds.differences);
  let steps = 0;
  /** For each diagonal (index in a minus index in b) how far in a one gets with so many differences. */
  let reach = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  for (let differences = 0; differences <= max; differences++) {
    trace.push(reach);
    const next = new Map(reach);
    for (let k = -differences; k <= differences; k += 2) {
      const start = startOn(reach, k, differences);
      let x = start;
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b);
      steps += 1 + x - start;
      if (steps > bounds.steps) return null;
    }
    reach = next;
  }
  return null;
}

/** Whether the best way onto a diagonal is down from the one above (a line more of b), not right (one less of a). */
function cameDown(reach: ReadonlyMap<number, number>, k: number, differences: number): boolean {
  if (k === -differences) return true;
  return k !== differences && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1);
}

function startOn(reach: ReadonlyMap<number, number>, k: number, differences: number): number {
  return cameDown(reach, k, differences) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1;
}

function walkBack(
  trace: readonly ReadonlyMap<number, number>[],
  a: Int32Array,
  b: Int32Array,
): readonly (readonly [number, number])[] {
  const pairs: (readonly [number, number])[] = [];
  let [x, y] = [a.length, b.length];
  for (const [differences, reach] of [...trace.entries()].reverse()) {
    const k = x - y;
    const start = startOn(reach, k, differences);
    while (x > start) pairs.push([--x, --y]);
    if (cameDown(reach, k, differences)) y--;
    else x--;
  }
  return pairs.reverse();
}
