/** A change of a text as Yjs tells it: runs kept, inserted and deleted, from the start on. */
export interface DeltaOp {
  readonly retain?: number | undefined;
  readonly delete?: number | undefined;
  readonly insert?: unknown;
}

/** One replacement, in offsets of the text before the change; ascending and apart from each other. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Neighbouring deletions and insertions are one replacement, whatever their order. */
export function replacementsOf(delta: readonly DeltaOp[]): Replacement[] {
  const found: Replacement[] = [];
  let at = 0;
  let start = 0;
  let text = '';
  const flush = (): void => {
    if (at > start || text !== '') found.push({ start, end: at, text });
    text = '';
  };
  for (const op of delta) {
    if (op.retain !== undefined) {
      flush();
      at += op.retain;
      start = at;
    } else if (op.delete !== undefined) at += op.delete;
    else if (typeof op.insert === 'string') text += op.insert;
  }
  flush();
  return found;
}

/**
 * Where an offset goes. 'left': text inserted right there comes after it, so two people who type at one
 * place do not push each other along; 'right': before it. Inside of what was replaced: its start.
 */
export function mapOffset(
  replacements: readonly Replacement[],
  offset: number,
  side: 'left' | 'right',
): number {
  let shift = 0;
  for (const { start, end, text } of replacements) {
    if (start > offset || (start === offset && end > start)) break;
    if (end < offset || (end === offset && end > start)) {
      shift += text.length - (end - start);
      continue;
    }
    if (start === offset) return offset + shift + (side === 'right' ? text.length : 0);
    return start + shift;
  }
  return offset + shift;
}

/** The smallest replacement that makes `after` of `before`; null where they are equal. Keeps pairs whole. */
export function differenceOf(before: string, after: string): Replacement | null {
  if (before === after) return null;
  let start = 0;
  const shorter = Math.min(before.length, after.length);
  while (start < shorter && before.charCodeAt(start) === after.charCodeAt(start)) start++;
  if (isHighSurrogate(before, start - 1) || isHighSurrogate(after, start - 1)) start--;
  let tail = 0;
  while (
    tail < shorter - start &&
    before.charCodeAt(before.length - 1 - tail) === after.charCodeAt(after.length - 1 - tail)
  )
    tail++;
  if (isLowSurrogate(before, before.length - tail) || isLowSurrogate(after, after.length - tail)) tail--;
  return { start, end: before.length - tail, text: after.slice(start, after.length - tail) };
}

function isHighSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xd800;
}

function isLowSurrogate(text: string, at: number): boolean {
  return (text.charCodeAt(at) & 0xfc00) === 0xdc00;
}
