import { attributed, stretchesOf } from '../../src/domain/review/blame.ts';
import {
  type ReviewPerson,
  ReviewRoot,
  reviewPersonSchema,
  type VersionContent,
  versionContentSchema,
} from '../../src/protocol/review.ts';
import { type Reviewed, rootOf, textOf } from './review-documents.ts';

/** The text as it is, with whose each part is. It needs nothing of Yjs to be read, however old it gets. */
export function versionContent({ text, review }: Reviewed): VersionContent {
  const content = textOf(text.doc);
  const people: ReviewPerson[] = [];
  const indices = new Map<string, number>();
  const authors = rootOf(review.doc, ReviewRoot.authors);
  const indexOf = (client: number): number => {
    const person = reviewPersonSchema.safeParse(authors.get(String(client)));
    if (!person.success) return -1;
    const known = indices.get(person.data.id);
    if (known !== undefined) return known;
    indices.set(person.data.id, people.length);
    return people.push(person.data) - 1;
  };
  const byClient = new Map<number, number>();
  const spans = attributed(stretchesOf(content._start), (client) => {
    const index = byClient.get(client) ?? indexOf(client);
    byClient.set(client, index);
    return index;
  });
  return {
    text: content.toString(),
    people,
    spans: spans.map(({ length, author }): [number, number] => [length, author]),
  };
}

export function encodeContent(content: VersionContent): Uint8Array {
  return Buffer.from(JSON.stringify(content));
}

export function decodeContent(bytes: Uint8Array): VersionContent {
  return versionContentSchema.parse(JSON.parse(Buffer.from(bytes).toString('utf8')));
}
