import type * as Y from 'yjs';
import type { Authors, WritesFrom } from '../../src/domain/review/blame.ts';
import { type ReviewPerson, ReviewRoot, reviewPersonSchema } from '../../src/protocol/review.ts';
import { type Reviewed, rootOf } from './review-documents.ts';

/** What was sent under each client and is not written down yet: from which clock on, and by whom. */
export type Sent = ReadonlyMap<number, readonly WritesFrom<ReviewPerson>[]>;

/** Who wrote what in a text: as its review has it, and after that as `sent` has it. */
export function authorsOf(review: Y.Doc, sent: Sent): Authors<ReviewPerson> {
  const noted = notedIn(review);
  const found = new Map<number, readonly WritesFrom<ReviewPerson>[]>();
  return {
    get(client) {
      const known = found.get(client);
      if (known !== undefined) return known;
      const merged = noted(client);
      for (const one of sent.get(client) ?? []) insert(merged, one);
      found.set(client, merged);
      return merged;
    },
  };
}

/** Writes down who sent what; what says nothing new is not written. */
export async function noteAuthors({ review }: Reviewed, sent: Sent): Promise<void> {
  const noted = notedIn(review.doc);
  const fresh = [...sent].flatMap(([client, all]) => {
    const known = noted(client);
    return all.flatMap((one) => {
      const added = insert(known, one);
      return added === null ? [] : [{ key: keyOf(client, added.from), by: added.by }];
    });
  });
  if (fresh.length === 0) return;
  await review.edit((doc) => {
    for (const { key, by } of fresh) rootOf(doc, ReviewRoot.authors).set(key, by);
  });
}

/** The server itself wrote under a client that is new, for somebody. */
export function writtenFor(client: number, by: ReviewPerson): Sent {
  return new Map([[client, [{ from: 0, by }]]]);
}

/**
 * The first that is known of a client counts from its beginning: a server that was killed has forgotten the last
 * of what he wrote before. Nobody takes anything upon another by that. Null where it is known already.
 */
function insert(
  known: WritesFrom<ReviewPerson>[],
  { from, by }: WritesFrom<ReviewPerson>,
): WritesFrom<ReviewPerson> | null {
  const after = known.findLastIndex((one) => one.from <= from);
  if (known[after]?.by.id === by.id) return null;
  const added = { from: known.length === 0 ? 0 : from, by };
  known.splice(after + 1, 0, added);
  return added;
}

function keyOf(client: number, from: number): string {
  return from === 0 ? String(client) : `${client}:${from}`;
}

/** Reads no more than what it is asked for: a text that is much worked on has thousands of clients. */
function notedIn(review: Y.Doc): (client: number) => WritesFrom<ReviewPerson>[] {
  const root = rootOf(review, ReviewRoot.authors);
  const later = new Map<number, number[]>();
  for (const key of root.keys()) {
    if (!key.includes(':')) continue;
    const [client = 0, from = 0] = key.split(':').map(Number);
    later.set(client, [...(later.get(client) ?? []), from]);
  }
  return (client) =>
    [0, ...(later.get(client) ?? [])]
      .sort((a, b) => a - b)
      .flatMap((from) => {
        const person = reviewPersonSchema.safeParse(root.get(keyOf(client, from)));
        return person.success ? [{ from, by: person.data }] : [];
      });
}
