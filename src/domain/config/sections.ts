import type { Lines } from './lines.ts';

/** A piece of a text that is read alone: a top-level section, or lines that are none. Offsets. */
export interface Slice {
  /** Null for what stands before, between or behind the sections. */
  readonly name: string | null;
  readonly from: number;
  readonly to: number;
}

const FIELD = /^(["']?)([A-Za-z_][\w-]*)\1[ \t]*:(?=\s|$)/;
const MARKER = /^(?:---|\.\.\.)(?:\s|$)/;
/** Closes or continues what an earlier line began, or says nothing. */
const CONTINUATION = /^(?:[\]},#]|-\s)/;

/**
 * A text cut before every line that begins a section or that belongs to none, so that one mistake hides
 * nothing else. Where all fields are indented, those that are so the least begin sections.
 */
export function slicesOf(lines: Lines, end: number): Slice[] {
  const slices: Slice[] = [];
  const indent = rootIndent(lines);
  let [from, name]: [number, string | null] = [0, null];
  const close = (to: number): void => {
    const before = slices.at(-1);
    if (to === from) return;
    if (name === null && before !== undefined && before.name === null) {
      slices[slices.length - 1] = { ...before, to };
    } else slices.push({ name, from, to });
  };
  for (let number = 0; number < lines.count && lines.start(number) < end; number++) {
    const line = number === 0 ? lines.line(0).replace(/^\uFEFF/, '') : lines.line(number);
    const own = /^ */.exec(line)?.[0].length ?? 0;
    const content = line.slice(own);
    if (own > indent || content === '' || content.startsWith('\t') || CONTINUATION.test(content)) continue;
    close(lines.start(number));
    from = lines.start(number);
    name = MARKER.test(content) ? null : (FIELD.exec(content)?.[2] ?? null);
  }
  close(end);
  return slices;
}

/** That of the field that is indented least. */
function rootIndent(lines: Lines): number {
  let least = Number.POSITIVE_INFINITY;
  for (let number = 0; number < lines.count && least > 0; number++) {
    const line = lines.line(number).replace(/^\uFEFF/, '');
    const own = /^ */.exec(line)?.[0].length ?? 0;
    if (own < least && FIELD.test(line.slice(own))) least = own;
  }
  return Number.isFinite(least) ? least : 0;
}
