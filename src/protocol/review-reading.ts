import type { z } from 'zod';
import type { WholeSuggestion, WholeThread } from './http/review.ts';
import {
  commentSchema,
  decisionSchema,
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
  const comments = [...entriesOf(roots(ReviewRoot.comments), commentSchema).values()].sort(byTime);
  return [...entriesOf(roots(ReviewRoot.threads), threadSchema).values()].sort(byTime).map((thread) => ({
    ...thread,
    resolved: resolutions.get(thread.id) ?? null,
    comments: comments.filter((comment) => comment.thread === thread.id),
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

/** Who wrote through which Yjs client. */
export function readAuthors(roots: ReviewRoots): Map<number, ReviewPerson> {
  const found = new Map<number, ReviewPerson>();
  for (const [client, person] of entriesOf(roots(ReviewRoot.authors), reviewPersonSchema))
    found.set(Number(client), person);
  return found;
}
