import type { z } from 'zod';
import type { WholeSuggestion, WholeThread } from './http/review.ts';
import {
  commentSchema,
  decisionSchema,
  type Merge,
  mergeSchema,
  type ReviewComment,
  type ReviewPerson,
  ReviewRoot,
  resolutionSchema,
  reviewPersonSchema,
  suggestionSchema,
  threadSchema,
  type Version,
  versionSchema,
} from './review.ts';

/**
 * Reads the roots of a review document, on either side of the wire. Entries that make no sense are left out:
 * they may be of a later version of the program.
 */

/** The entries of a root of the document. */
export type ReviewRoots = (root: (typeof ReviewRoot)[keyof typeof ReviewRoot]) => Iterable<[string, unknown]>;

function entriesOf<T extends z.ZodType>(
  entries: Iterable<[string, unknown]>,
  schema: T,
): Map<string, z.output<T>> {
  const found = new Map<string, z.output<T>>();
  for (const [key, value] of entries) {
    const parsed = schema.safeParse(value);
    if (parsed.success) found.set(key, parsed.data);
  }
  return found;
}

const byTime = (a: { created: number; id: string }, b: { created: number; id: string }): number =>
  a.created - b.created || (a.id < b.id ? -1 : 1);

/** Oldest first, with their comments. */
export function readThreads(roots: ReviewRoots): WholeThread[] {
  const resolutions = entriesOf(roots(ReviewRoot.resolutions), resolutionSchema);
  const said = new Map<string, ReviewComment[]>();
  for (const comment of [...entriesOf(roots(ReviewRoot.comments), commentSchema).values()].sort(byTime)) {
    const before = said.get(comment.thread);
    if (before === undefined) said.set(comment.thread, [comment]);
    else before.push(comment);
  }
  return [...entriesOf(roots(ReviewRoot.threads), threadSchema).values()].sort(byTime).map((thread) => ({
    ...thread,
    resolved: resolutions.get(thread.id) ?? null,
    comments: said.get(thread.id) ?? [],
  }));
}

/** One thread with its comments, looking at no other; null where there is none of this id. */
export function readThread(roots: ReviewRoots, id: string): WholeThread | null {
  const root = (name: Parameters<ReviewRoots>[0]): [string, unknown][] => [...roots(name)];
  const only = (name: Parameters<ReviewRoots>[0]): [string, unknown][] =>
    root(name).filter(([key]) => key === id);
  const said = root(ReviewRoot.comments).filter(([, value]) => isOf(value, id));
  const narrowed: ReviewRoots = (name) => (name === ReviewRoot.comments ? said : only(name));
  return readThreads(narrowed)[0] ?? null;
}

function isOf(comment: unknown, thread: string): boolean {
  return typeof comment === 'object' && comment !== null && 'thread' in comment && comment.thread === thread;
}

/** One suggestion, looking at no other; null where there is none of this id. */
export function readSuggestion(roots: ReviewRoots, id: string): WholeSuggestion | null {
  return readSuggestions((name) => [...roots(name)].filter(([key]) => key === id))[0] ?? null;
}

/** Oldest first. */
export function readSuggestions(roots: ReviewRoots): WholeSuggestion[] {
  const decisions = entriesOf(roots(ReviewRoot.decisions), decisionSchema);
  return [...entriesOf(roots(ReviewRoot.suggestions), suggestionSchema).values()]
    .sort(byTime)
    .map((suggestion) => ({ ...suggestion, decision: decisions.get(suggestion.id) ?? null }));
}

/** Newest first. */
export function readVersions(roots: ReviewRoots): Version[] {
  return [...entriesOf(roots(ReviewRoot.versions), versionSchema).values()].sort((a, b) => byTime(b, a));
}

/** From which clock on somebody writes through a Yjs client. */
interface WritesFrom {
  readonly from: number;
  readonly by: ReviewPerson;
}

/** Who wrote through which Yjs client, ascending by the clock from which on he did. */
export type ReadAuthors = ReadonlyMap<number, readonly WritesFrom[]>;

export function readAuthors(roots: ReviewRoots): ReadAuthors {
  const found = new Map<number, WritesFrom[]>();
  for (const [key, by] of entriesOf(roots(ReviewRoot.authors), reviewPersonSchema)) {
    const [client = 0, from = 0] = key.split(':').map(Number);
    const known = found.get(client);
    if (known === undefined) found.set(client, [{ from, by }]);
    else known.push({ from, by });
  }
  for (const known of found.values()) known.sort((a, b) => a.from - b.from);
  return found;
}

/** The merge that left a text as it is, by that text's hash; null where it is nothing of the kind. */
export function readMerge(roots: ReviewRoots, sha256: string): Merge | null {
  for (const [key, value] of roots(ReviewRoot.merges))
    if (key === sha256) return mergeSchema.safeParse(value).data ?? null;
  return null;
}
