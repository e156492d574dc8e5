import type { AdapterFacts } from './adapter-facts.ts';
import { type ByteRange, piecesOf } from './spaces.ts';

/** Ranges that share their bindings. */
export type Group = ByteRange;

type Limits = Pick<AdapterFacts, 'max_buffer_bytes' | 'max_binding_bytes'>;

export function pieceCount(groups: readonly Group[], limits: Limits): number {
  return groups.reduce((sum, group) => sum + piecesOf(group, limits).length, 0);
}

/**
 * Ranges that overlap are one group: WebGPU forbids that a written range is bound twice. Where the groups
 * need more bindings than `most`, those that lie nearest to one another are joined, gaps included.
 */
export function groupRanges(ranges: readonly ByteRange[], limits: Limits, most: number): Group[] {
  const groups = joined(ranges, -1);
  if (pieceCount(groups, limits) <= most) return groups;
  const gaps = groups
    .flatMap((group, i) => {
      const next = groups[i + 1];
      return next?.space === group.space ? [next.start - group.end] : [];
    })
    .sort((a, b) => a - b);
  for (const gap of new Set(gaps)) {
    const fewer = joined(groups, gap);
    if (pieceCount(fewer, limits) <= most) return fewer;
  }
  return groups;
}

/** Ranges with at most `gap` bytes between them become one; -1 joins what overlaps. */
function joined(ranges: readonly ByteRange[], gap: number): Group[] {
  const sorted = [...ranges].sort((a, b) =>
    a.space === b.space ? a.start - b.start || a.end - b.end : a.space < b.space ? -1 : 1,
  );
  const groups: Group[] = [];
  for (const range of sorted) {
    const last = groups.at(-1);
    if (last !== undefined && last.space === range.space && range.start - last.end <= gap) {
      groups[groups.length - 1] = { ...last, end: Math.max(last.end, range.end) };
    } else groups.push(range);
  }
  return groups;
}
