import type { Anchor, SuggestedEdit } from '../../../protocol/review.ts';

/** A comment that somebody is about to make; where it belongs stays with its words while he writes. */
export interface CommentDraft {
  /** Null: about the text as a whole. */
  readonly anchor: Anchor | null;
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
}

const kept = new Map<string, Drafts>();

export function draftsOf(person: string, project: string, path: string): Drafts {
  const key = JSON.stringify([person, project, path]);
  const known = kept.get(key) ?? { comment: null, suggestion: null, words: new Map() };
  kept.set(key, known);
  return known;
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
export const suggestionWords = ({ id }: SuggestionDraft, part: 'title' | 'note' | 'text' | 'run'): string =>
  `suggestion ${id} ${part}`;
