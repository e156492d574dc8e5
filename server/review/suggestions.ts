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
import type { Store } from '../store/store.ts';
import { Together } from '../store/together.ts';
import type { DocumentName, Write } from '../store/write.ts';
import {
  edited,
  type ReviewDocuments,
  type Reviewed,
  reviewOf,
  rootOf,
  rootsOf,
  textOf,
} from './review-documents.ts';
import { TextTurns } from './text-turns.ts';
import { isGone, offsetOf, type Replacement, writeAs } from './write-as.ts';

/** Of one text. */
const MAX_SUGGESTIONS = 1_000;
/** Who has not decided by then has died over it; a commit takes a minute at most. */
const DEAD_MS = 300_000;

/** Proposed changes. Errors are those of the operations in src/protocol/http/review.ts. */
export class Suggestions {
  readonly #documents: ReviewDocuments;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #turns: TextTurns;

  constructor(documents: ReviewDocuments, store: Store, clock: Clock) {
    this.#documents = documents;
    this.#store = store;
    this.#clock = clock;
    this.#turns = new TextTurns(documents, store, clock);
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
    if (kind === 'rejected') return this.#settle(file, id, decision);
    return this.#alone(file, id, (claim) =>
      this.#documents.both(file, (rooms) =>
        this.#turns.take(file, (mine) => this.#accept(rooms, id, decision, [claim, mine])),
      ),
    );
  }

  async #accept(
    { text, review }: Reviewed,
    id: string,
    decision: Decision,
    claims: readonly Write[],
  ): Promise<WholeSuggestion> {
    const open = openSuggestion(review.doc, id);
    const replacements = replacementsOf(textOf(text.doc), open);
    const together = new Together();
    const clients: number[] = [];
    const change = (doc: Y.Doc) => clients.push(writeAs(textOf(doc), replacements));
    const changed = edited(text, change, together);
    const say = (doc: Y.Doc): WholeSuggestion => {
      for (const client of clients) rootOf(doc, ReviewRoot.authors).set(String(client), open.by);
      return settled(doc, id, decision);
    };
    const said = edited(review, say, together);
    void together.write(...claims);
    // All are heard at once: a failure of one that nobody hears in time would end the process.
    const [, suggestion] = await Promise.all([changed, said, together.commit(this.#store)]);
    return suggestion;
  }

  async withdraw(file: DocumentName, by: ReviewPerson, id: string): Promise<WholeSuggestion> {
    const suggestion = await this.#documents.read(file, (review) => wholeSuggestion(review, id));
    if (suggestion.by.id !== by.id) throw protocolErrors.suggestionForeign({ where: id });
    return this.#settle(file, id, { kind: 'withdrawn', by, at: this.#clock.now() });
  }

  #settle(file: DocumentName, id: string, decision: Decision): Promise<WholeSuggestion> {
    return this.#alone(file, id, (claim) =>
      this.#documents.within(file, async (review) => {
        openSuggestion(review.doc, id); // in the same turn: from here on nothing throws
        const together = new Together();
        const said = edited(review, (doc) => settled(doc, id, decision), together);
        void together.write(claim);
        const [suggestion] = await Promise.all([said, together.commit(this.#store)]);
        return suggestion;
      }),
    );
  }

  /** Of all who decide about a suggestion at once, at whichever server, one does, and the others hear what he did. */
  async #alone(
    file: DocumentName,
    id: string,
    work: (claim: Write) => Promise<WholeSuggestion>,
  ): Promise<WholeSuggestion> {
    const look = (): Promise<WholeSuggestion> =>
      this.#documents.read(file, (review) => openSuggestion(review, id));
    await look();
    const claim = { ...reviewOf(file), suggestion: id, token: randomUUID() };
    const at = this.#clock.now();
    const isMine = await this.#store.call('claimDecision', { ...claim, at, before: at - DEAD_MS });
    try {
      await this.#documents.look(); // what was decided before at another server
      await look();
      if (!isMine)
        throw protocolErrors.suggestionDecided({ where: id, message: 'Somebody decides about it just now' });
      return await work({ ...claim, kind: 'decide' });
    } catch (error) {
      if (isMine) await this.#store.call('releaseDecision', claim).catch(() => undefined);
      throw error;
    }
  }
}

function settled(review: Y.Doc, id: string, decision: Decision): WholeSuggestion {
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
