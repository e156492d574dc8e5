import { randomUUID } from 'node:crypto';
import type * as Y from 'yjs';
import type { Clock } from '../../src/base/clock.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import type { WholeSuggestion } from '../../src/protocol/http/review.ts';
import {
  type Decision,
  type ReviewPerson,
  ReviewRoot,
  type SuggestedEdit,
  type Suggestion,
} from '../../src/protocol/review.ts';
import { readSuggestion } from '../../src/protocol/review-reading.ts';
import { sanitiseText } from '../../src/protocol/sync.ts';
import type { DocumentName } from '../store/write.ts';
import { edited, type ReviewDocuments, rootOf, rootsOf, textOf } from './review-documents.ts';
import { isGone, offsetOf, type Replacement, writeAs } from './write-as.ts';

/** Of one text. */
const MAX_SUGGESTIONS = 1_000;

/** Proposed changes. Errors are those of the operations in src/protocol/http/review.ts. */
export class Suggestions {
  readonly #documents: ReviewDocuments;
  readonly #clock: Clock;

  constructor(documents: ReviewDocuments, clock: Clock) {
    this.#documents = documents;
    this.#clock = clock;
  }

  suggest(
    file: DocumentName,
    by: ReviewPerson,
    wish: Pick<Suggestion, 'title' | 'note' | 'edits' | 'evidence'>,
  ): Promise<WholeSuggestion> {
    const suggestion: Suggestion = {
      id: randomUUID(),
      by,
      created: this.#clock.now(),
      title: wish.title,
      note: wish.note,
      edits: wish.edits.map((edit) => ({ ...edit, newText: sanitiseText(edit.newText) })),
      evidence: wish.evidence,
    };
    return this.#documents.add(file, (review) => {
      const suggestions = rootOf(review, ReviewRoot.suggestions);
      if (suggestions.size >= MAX_SUGGESTIONS) throw protocolErrors.reviewFull({ where: file.path });
      suggestions.set(suggestion.id, suggestion);
      return wholeSuggestion(review, suggestion.id);
    });
  }

  /**
   * Accepting changes the text and says so in one commit. The change counts as written by who suggested it, and
   * is made only where the text still is what it was suggested for.
   */
  decide(
    file: DocumentName,
    by: ReviewPerson,
    id: string,
    kind: 'accepted' | 'rejected',
  ): Promise<WholeSuggestion> {
    const decision: Decision = { kind, by, at: this.#clock.now() };
    if (kind === 'rejected') return this.#documents.edit(file, (review) => settle(review, id, decision));
    return this.#documents.both(file, async (rooms) => {
      const open = openSuggestion(rooms.review.doc, id);
      const replacements = replacementsOf(textOf(rooms.text.doc), open);
      // In one turn, so that the two are in one commit.
      const clients: number[] = [];
      const changed = edited(rooms.text, (doc) => clients.push(writeAs(textOf(doc), replacements)));
      const said = edited(rooms.review, (review) => {
        for (const client of clients) rootOf(review, ReviewRoot.authors).set(String(client), open.by);
        return settle(review, id, decision);
      });
      // Both are heard at once: a failure of one that nobody hears in time would end the process.
      const [, suggestion] = await Promise.all([changed, said]);
      return suggestion;
    });
  }

  withdraw(file: DocumentName, by: ReviewPerson, id: string): Promise<WholeSuggestion> {
    return this.#documents.edit(file, (review) => {
      if (wholeSuggestion(review, id).by.id !== by.id) throw protocolErrors.suggestionForeign({ where: id });
      return settle(review, id, { kind: 'withdrawn', by, at: this.#clock.now() });
    });
  }
}

function settle(review: Y.Doc, id: string, decision: Decision): WholeSuggestion {
  openSuggestion(review, id);
  rootOf(review, ReviewRoot.decisions).set(id, decision);
  return wholeSuggestion(review, id);
}

function wholeSuggestion(review: Y.Doc, id: string): WholeSuggestion {
  const suggestion = readSuggestion(rootsOf(review), id);
  if (suggestion === null) throw protocolErrors.suggestionNotFound({ where: id });
  return suggestion;
}

function openSuggestion(review: Y.Doc, id: string): WholeSuggestion {
  const suggestion = wholeSuggestion(review, id);
  const { decision } = suggestion;
  if (decision !== null)
    throw protocolErrors.suggestionDecided({
      where: id,
      message: `${decision.by.name} has ${decision.kind} the suggestion already`,
    });
  return suggestion;
}

/** Where the edits are in the text now. Throws suggestionStale where it is not what they were made for. */
function replacementsOf(text: Y.Text, { id, edits }: Suggestion): readonly Replacement[] {
  const content = text.toString();
  const found = edits.map((edit) => replacementOf(text, content, edit));
  const inOrder = found.filter((one) => one !== null).sort((a, b) => a.start - b.start);
  const apart = inOrder.every((one, index) => one.end <= (inOrder[index + 1]?.start ?? content.length));
  if (inOrder.length < edits.length || !apart) throw protocolErrors.suggestionStale({ where: id });
  return inOrder;
}

function replacementOf(text: Y.Text, content: string, edit: SuggestedEdit): Replacement | null {
  const start = offsetOf(text, edit.start);
  const end = offsetOf(text, edit.end);
  if (start === null || end === null || end < start) return null;
  // What is only inserted replaces nothing that could be compared: it belongs behind the words that it was put to.
  if (edit.oldText === '' && isGone(text, edit.start)) return null;
  const cuts = [start, end].some((at) => /[\uD800-\uDBFF]/.test(content[at - 1] ?? '') && isLow(content[at]));
  return cuts || content.slice(start, end) !== edit.oldText ? null : { start, end, text: edit.newText };
}

function isLow(unit: string | undefined): boolean {
  return unit !== undefined && unit >= '\uDC00' && unit <= '\uDFFF';
}
