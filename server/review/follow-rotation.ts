import type * as Y from 'yjs';
import { stretchesOf } from '../../src/domain/review/blame.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { type ReviewPerson, ReviewRoot, suggestionSchema, threadSchema } from '../../src/protocol/review.ts';
import type { Room } from '../sync/room.ts';
import type { Follower } from '../sync/rotation.ts';
import { authorsOf, type Sent } from './authors.ts';
import { MovedPositions } from './moved-positions.ts';
import { rootOf } from './review-documents.ts';

/**
 * What is said about a text follows it when it begins anew, in the same commit: comments and suggestions keep their
 * places, and each part of the text its author. Versions hold texts of their own and need nothing.
 */
export function followRotation(review: Room, sent: () => Sent): Follower {
  const people = new Map<string, ReviewPerson>();
  return {
    authored: (text) =>
      stretchesOf(text._start, authorsOf(review.doc, sent())).map(({ length, author }) => {
        if (author !== null && !people.has(author.id)) people.set(author.id, author);
        return { length, author: author?.id ?? null };
      }),

    follow(before, after, writer) {
      if (!review.isOpen) throw protocolErrors.shuttingDown();
      const authors = [...after.clients].flatMap(([id, client]) => {
        const person = people.get(id);
        return person === undefined ? [] : [{ client, person }];
      });
      const positions = new MovedPositions(before, after);
      const change = (doc: Y.Doc): void => {
        moveThreads(doc, positions);
        moveSuggestions(doc, positions);
        const root = rootOf(doc, ReviewRoot.authors);
        for (const key of [...root.keys()]) root.delete(key); // of clients that are over
        for (const { client, person } of authors) root.set(String(client), person);
      };
      review.edit(change, writer).catch(() => undefined); // whoever commits hears of it
    },
  };
}

function moveThreads(review: Y.Doc, positions: MovedPositions): void {
  const threads = rootOf(review, ReviewRoot.threads);
  for (const [id, value] of [...threads.entries()]) {
    const thread = threadSchema.safeParse(value).data;
    const anchor = thread?.anchor;
    if (thread === undefined || anchor == null) continue;
    const [start, end] = [positions.moved(anchor.start), positions.moved(anchor.end)];
    threads.set(id, { ...thread, anchor: { ...anchor, start, end } });
  }
}

function moveSuggestions(review: Y.Doc, positions: MovedPositions): void {
  const suggestions = rootOf(review, ReviewRoot.suggestions);
  const decisions = rootOf(review, ReviewRoot.decisions);
  for (const [id, value] of [...suggestions.entries()]) {
    const suggestion = suggestionSchema.safeParse(value).data;
    if (suggestion === undefined || decisions.has(id)) continue;
    const edits = suggestion.edits.map((edit) => {
      // What was to stand behind words that are gone has no place, then as now.
      if (edit.oldText === '' && positions.isGone(edit.start)) return edit;
      return { ...edit, start: positions.moved(edit.start), end: positions.moved(edit.end) };
    });
    suggestions.set(id, { ...suggestion, edits });
  }
}
