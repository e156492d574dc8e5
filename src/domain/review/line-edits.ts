/** The edits that make one text of another, line by line: what is the same in both stays, with who wrote it. */

export interface LineEdit {
  /** UTF-16 offsets into the text before; edits are in order and do not touch. */
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Beyond so many differing lines the whole middle is replaced: looking for more costs their square. */
const MAX_DIFFERENCES = 200;

/** Myers' greedy algorithm ("An O(ND) difference algorithm and its variations", 1986) over lines. */
export function lineEdits(before: string, after: string): readonly LineEdit[] {
  const [old, wanted] = [linesOf(before), linesOf(after)];
  let head = 0;
  while (head < old.length && head < wanted.length && old[head] === wanted[head]) head++;
  let tail = 0;
  const room = Math.min(old.length, wanted.length) - head;
  while (tail < room && old[old.length - 1 - tail] === wanted[wanted.length - 1 - tail]) tail++;
  const a = old.slice(head, old.length - tail);
  const b = wanted.slice(head, wanted.length - tail);
  const matches = commonLines(a, b) ?? [];

  const offsets = [0];
  for (const line of old) offsets.push((offsets.at(-1) ?? 0) + line.length);
  const edits: LineEdit[] = [];
  let [atA, atB] = [0, 0];
  for (const [i, j] of [...matches, [a.length, b.length] as const]) {
    if (i > atA || j > atB) {
      edits.push({
        start: offsets[head + atA] ?? 0,
        end: offsets[head + i] ?? 0,
        text: b.slice(atB, j).join(''),
      });
    }
    [atA, atB] = [i + 1, j + 1];
  }
  return edits;
}

/** With their line feeds, so that joining them gives the text. */
function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
}

/** Pairs of equal lines, ascending in both; null where too much differs. */
function commonLines(
  a: readonly string[],
  b: readonly string[],
): readonly (readonly [number, number])[] | null {
  const max = Math.min(a.length + b.length, MAX_DIFFERENCES);
  /** For each diagonal (index in a minus index in b) how far in a one gets with so many differences. */
  let reach = new Map<number, number>([[1, 0]]);
  const trace: ReadonlyMap<number, number>[] = [];
  for (let differences = 0; differences <= max; differences++) {
    trace.push(reach);
    const next = new Map(reach);
    for (let k = -differences; k <= differences; k += 2) {
      let x = startOn(reach, k, differences);
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++;
      next.set(k, x);
      if (x >= a.length && x - k >= b.length) return walkBack(trace, a, b);
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
  a: readonly string[],
  b: readonly string[],
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
