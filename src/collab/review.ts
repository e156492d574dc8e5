import * as Y from 'yjs';
import type { DocumentStore } from '../domain/documents/ports.ts';
import { attributed, authorsByLine, stretchesOf, type WritesFrom } from '../domain/review/blame.ts';
import type { WholeSuggestion, WholeThread } from '../protocol/http/review.ts';
import {
  type Anchor,
  MAX_QUOTE,
  type ReviewPerson,
  type SuggestedEdit,
  type TextPosition,
  type Version,
} from '../protocol/review.ts';
import {
  type ReadAuthors,
  type ReviewRoots,
  readAuthors,
  readMerge,
  readSuggestions,
  readThreads,
  readVersions,
} from '../protocol/review-reading.ts';
import { assignColours, preferredColour } from './colours.ts';
import { presences } from './presence.ts';
import { contentOf, type Room } from './room.ts';

/** What is said about a text, as it is now. */
export interface ReviewState {
  readonly threads: readonly WholeThread[];
  readonly suggestions: readonly WholeSuggestion[];
  /** Newest first. */
  readonly versions: readonly Version[];
  readonly authors: ReadAuthors;
}

export interface Offsets {
  readonly start: number;
  readonly end: number;
}

/** Whoever wrote in a line; null where nobody knows. */
export type LineAuthor = (ReviewPerson & { readonly colour: number }) | null;

/** A place, and what stood there: of a comment or of a suggested edit. */
export type Anchored = Pick<Anchor, 'start' | 'end'> & { readonly quote?: string; readonly oldText?: string };

/** A change of a text by offsets, as an editor has it. */
export interface OffsetEdit extends Offsets {
  readonly newText: string;
}

/** Reads what is said about texts, and knows where in a text it belongs. Only the server writes it. */
export interface ReviewReader {
  /** Of the room of `reviewDocument(path)`. */
  read(review: Room): ReviewState;
  observe(review: Room, listener: () => void): () => void;
  /** The version to go back to from a text of this hash, in which edits have met; null where it is no such text. */
  mergeOf(review: Room, sha256: string): string | null;
  /** Of the text's room: a place that stays with its words. */
  anchorAt(text: Room, place: Offsets): Anchor;
  /** Where it is now. Both ends are the same where all of it has been deleted; null where it cannot be found. */
  placeOf(text: Room, anchor: Anchored): Offsets | null;
  suggestedEdit(text: Room, edit: OffsetEdit): SuggestedEdit;
  /** For each line whoever wrote it, most of it first; null where nobody knows. */
  blame(text: Room, authors: ReviewState['authors']): readonly (readonly LineAuthor[])[];
  /** A person's colour, as an index into PERSON_COLOURS. */
  colourOf(person: string): number;
  /** Those of several who are to be told apart. */
  coloursOf(people: readonly string[]): ReadonlyMap<string, number>;
}

export const reviewReader: ReviewReader = {
  read({ doc }) {
    const roots: ReviewRoots = (root) => doc.getMap(root).entries() as Iterable<[string, unknown]>;
    return {
      threads: readThreads(roots),
      suggestions: readSuggestions(roots),
      versions: readVersions(roots),
      authors: readAuthors(roots),
    };
  },
  observe({ doc }, listener) {
    doc.on('update', listener);
    return () => doc.off('update', listener);
  },
  mergeOf: ({ doc }, sha256) =>
    readMerge((root) => doc.getMap(root).entries() as Iterable<[string, unknown]>, sha256)?.version ?? null,
  anchorAt(text, { start, end }) {
    const content = contentOf(text.doc);
    return {
      start: positionAt(content, start, start < end ? 0 : -1),
      end: positionAt(content, end, -1),
      quote: content
        .toString()
        .slice(start, Math.min(end, start + MAX_QUOTE))
        .toWellFormed(),
    };
  },
  placeOf(text, anchor) {
    const content = contentOf(text.doc);
    const [start, end] = [offsetOf(content, anchor.start), offsetOf(content, anchor.end)];
    if (start !== null && end !== null) return { start, end: Math.max(start, end) };
    return onlyPlaceOf(content.toString(), anchor.quote ?? anchor.oldText ?? '');
  },
  suggestedEdit(text, { start, end, newText }) {
    const content = contentOf(text.doc);
    return {
      start: positionAt(content, start, start < end ? 0 : -1),
      end: positionAt(content, end, -1),
      oldText: content.toString().slice(start, end),
      newText,
    };
  },
  blame(text, authors) {
    const content = contentOf(text.doc);
    // Who has just come and is not noted yet: the server lets each socket speak for its own client alone.
    const here = new Map<number, readonly WritesFrom<ReviewPerson>[]>();
    for (const { clientId, person, name } of presences(text.awareness))
      here.set(clientId, [{ from: 0, by: { id: person, name } }]);
    const known = { get: (client: number) => authors.get(client) ?? here.get(client) };
    // By id: the same person has many clients, and perhaps had another name.
    const people = new Map<string, ReviewPerson>();
    const stretches = attributed(stretchesOf(content._start, known), (person) => {
      if (person === null) return null;
      if (!people.has(person.id)) people.set(person.id, person);
      return person.id;
    });
    const colours = assignColours([...people.keys()]);
    const shown = new Map<string | null, LineAuthor>();
    for (const [id, person] of people) shown.set(id, { ...person, colour: colours.get(id) ?? 0 });
    return authorsByLine(content.toString(), stretches).map((line) =>
      line.map((id) => shown.get(id) ?? null),
    );
  },
  colourOf: preferredColour,
  coloursOf: assignColours,
};

/** What is said about texts is the server's: a copy kept here would be sent back to it, which it does not take. */
export const keepsNothing: DocumentStore = {
  load: async () => ({ updates: [], acknowledged: null, server: null, unsaved: [] }),
  append: async () => undefined,
  leave: async () => undefined,
  acknowledge: async () => undefined,
  compact: async () => undefined,
  setAside: async () => undefined,
  remove: async () => true,
  rooms: async () => [],
  unsaved: async () => [],
  furthest: async () => 0,
};

function positionAt(text: Y.Text, at: number, assoc: number): TextPosition {
  const position = Y.createRelativePositionFromTypeIndex(text, at, assoc);
  return Y.relativePositionToJSON(position) as TextPosition;
}

/** A document that the server began anew has the same words under other positions. */
function onlyPlaceOf(content: string, words: string): Offsets | null {
  const start = words === '' ? -1 : content.indexOf(words);
  if (start === -1 || content.includes(words, start + 1)) return null;
  return { start, end: start + words.length };
}

function offsetOf(text: Y.Text, position: TextPosition): number | null {
  if (text.doc === null) return null;
  try {
    const relative = Y.createRelativePositionFromJSON(position);
    const found = Y.createAbsolutePositionFromRelativePosition(relative, text.doc);
    return found?.type === text ? found.index : null;
  } catch {
    return null; // of text that has not come here yet
  }
}
