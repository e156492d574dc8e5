import type { Anchor, SuggestedEdit } from '../../../protocol/review.ts';

/** A comment that somebody is about to make; where it belongs stays with its words while he writes. */
export interface CommentDraft {
  /** Null: about the text as a whole. */
  readonly anchor: Anchor | null;
  /** Closed, its words and its place stay for when he goes on. */
  readonly open: boolean;
}

export interface SuggestionDraft {
  /** Another one for each: a form never goes on with the words of the one before. */
  readonly id: number;
  readonly title: string;
  readonly note: string;
  readonly edits: readonly SuggestedEdit[];
}

/**
 * What one person has begun to say about a text and not sent: it stays while he looks at another panel, file or
 * screen, until the page is closed. Words are kept by what they are of, such as a thread that is answered.
 */
export interface Drafts {
  comment: CommentDraft | null;
  suggestion: SuggestionDraft | null;
  readonly words: Map<string, string>;
  /** Whose field, or button, takes the focus as soon as it is there: who asked for it wants to, nobody else does. */
  wanted: string | null;
  /** Where the focus was before a field took it, and goes back to. */
  from: HTMLElement | null;
}

const kept = new Map<string, Drafts>();

const keyOf = (person: string, project: string, path: string): string =>
  JSON.stringify([person, project, path]);

export function draftsOf(person: string, project: string, path: string): Drafts {
  const key = keyOf(person, project, path);
  const known = kept.get(key) ?? {
    comment: null,
    suggestion: null,
    words: new Map(),
    wanted: null,
    from: null,
  };
  kept.set(key, known);
  return known;
}

/** The texts of a project about which somebody has begun to say something. */
export function draftedPaths(person: string, project: string): readonly string[] {
  return [...kept].flatMap(([key, drafts]) => {
    const [of, within, path] = JSON.parse(key) as [string, string, string];
    return of === person && within === project && !isEmpty(drafts) ? [path] : [];
  });
}

/** The text has another name now. What was begun under that one already stays as it is. */
export function moveDrafts(person: string, project: string, from: string, to: string): void {
  const [before, after] = [keyOf(person, project, from), keyOf(person, project, to)];
  const moved = kept.get(before);
  if (moved === undefined || before === after) return;
  kept.delete(before);
  const there = kept.get(after);
  if (there === undefined || isEmpty(there)) {
    kept.set(after, moved); // the same object: who types this very moment types into it
    return;
  }
  if (!isWritten(there, there.comment)) there.comment = moved.comment ?? there.comment;
  there.suggestion ??= moved.suggestion;
  for (const [key, text] of moved.words) if (!there.words.has(key)) there.words.set(key, text);
}

const isEmpty = ({ comment, suggestion, words }: Drafts): boolean =>
  comment === null && suggestion === null && words.size === 0;

/** Whether words of somebody's own are in it: then another one does not take its place. */
export function isWritten({ words }: Drafts, draft: CommentDraft | SuggestionDraft | null): boolean {
  if (draft === null) return false;
  const keys = 'id' in draft ? suggestionParts(draft) : [COMMENT_WORDS];
  return keys.some((key) => words.has(key));
}

/** It was sent, or thought better of. */
export function forgetSuggestion(drafts: Drafts): void {
  if (drafts.suggestion !== null)
    for (const key of suggestionParts(drafts.suggestion)) drafts.words.delete(key);
  drafts.suggestion = null;
}

let last = 0;
export function nextDraft(): number {
  last += 1;
  return last;
}

/** Where words are kept. */
export const COMMENT_WORDS = 'comment';
export const VERSION_WORDS = 'version';
export const replyWords = (thread: string): string => `reply ${thread}`;
/** The button that opens the field of such words. */
export const buttonOf = (words: string): string => `open ${words}`;
export const SUGGESTION = 'suggestion';
const PARTS = ['title', 'note', 'text', 'run'] as const;
export const suggestionWords = ({ id }: SuggestionDraft, part: (typeof PARTS)[number]): string =>
  `suggestion ${id} ${part}`;
const suggestionParts = (draft: SuggestionDraft): readonly string[] =>
  PARTS.map((part) => suggestionWords(draft, part));
