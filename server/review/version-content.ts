import { attributed, stretchesOf } from '../../src/domain/review/blame.ts';
import { lineEdits } from '../../src/domain/review/line-edits.ts';
import { type ReviewPerson, type VersionContent, versionContentSchema } from '../../src/protocol/review.ts';
import { authorsOf, type Sent } from './authors.ts';
import { type Reviewed, textOf } from './review-documents.ts';

/**
 * The text as it is, with whose each part is; `sent` is what the review does not have yet. It needs nothing of Yjs
 * to be read, however old it gets.
 */
export function versionContent({ text, review }: Reviewed, sent: Sent): VersionContent {
  const content = textOf(text.doc);
  const people: ReviewPerson[] = [];
  const indices = new Map<string, number>();
  const indexOf = (person: ReviewPerson | null): number => {
    if (person === null) return -1;
    const known = indices.get(person.id);
    if (known !== undefined) return known;
    indices.set(person.id, people.length);
    return people.push(person) - 1;
  };
  const spans = attributed(stretchesOf(content._start, authorsOf(review.doc, sent)), indexOf);
  return {
    text: content.toString(),
    people,
    spans: spans.map(({ length, author }): [number, number] => [length, author]),
  };
}

/** Another text beside this one: its lines that are here too stay whose they are, the others are `by`'s. */
export function changedTo(content: VersionContent, text: string, by: ReviewPerson | null): VersionContent {
  const known = by === null ? -1 : content.people.findIndex(({ id }) => id === by.id);
  const people = by === null || known !== -1 ? content.people : [...content.people, by];
  const own = by !== null && known === -1 ? content.people.length : known;
  const spans: [number, number][] = [];
  const push = (length: number, author: number): void => {
    const last = spans.at(-1);
    if (length === 0) return;
    if (last !== undefined && last[1] === author) last[0] += length;
    else spans.push([length, author]);
  };
  const before = content.spans[Symbol.iterator]();
  let [left, author] = [0, -1];
  /** Goes on in the text before; what is passed over is not kept. */
  const pass = (length: number, keeps: boolean): void => {
    for (let rest = length; rest > 0; ) {
      if (left === 0) {
        const next = before.next();
        if (next.done) return;
        [left, author] = next.value;
        continue;
      }
      const taken = Math.min(left, rest);
      if (keeps) push(taken, author);
      left -= taken;
      rest -= taken;
    }
  };
  let at = 0;
  for (const { start, end, text: inserted } of lineEdits(content.text, text)) {
    pass(start - at, true);
    pass(end - start, false);
    push(inserted.length, own);
    at = end;
  }
  pass(content.text.length - at, true);
  return { text, people, spans };
}

export function encodeContent(content: VersionContent): Uint8Array {
  return Buffer.from(JSON.stringify(content));
}

export function decodeContent(bytes: Uint8Array): VersionContent {
  return versionContentSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}
