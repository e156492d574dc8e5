/** Who wrote what: from the items of a shared text, each of which knows the client that it came from. */

/** An item of a Yjs text as it lies in memory; this layer knows no more of Yjs. */
export interface TextItem {
  readonly id: { readonly client: number; readonly clock: number };
  readonly length: number;
  readonly deleted: boolean;
  readonly countable: boolean;
  readonly right: TextItem | null;
}

/** So many UTF-16 units in a row that one author wrote. */
export interface Stretch<Author> {
  readonly length: number;
  readonly author: Author;
}

/** From which clock of a client on somebody writes through it. */
export interface WritesFrom<Person> {
  readonly from: number;
  readonly by: Person;
}

/**
 * Who wrote through each client, ascending. It is one person nearly always; another one where somebody has sent
 * what he wrote under a client that was not his.
 */
export interface Authors<Person> {
  get(client: number): readonly WritesFrom<Person>[] | undefined;
}

/** The visible text from its first item on, by who wrote it, null where nobody knows; equal neighbours are one. */
export function stretchesOf<Person>(
  first: TextItem | null,
  authors: Authors<Person>,
): readonly Stretch<Person | null>[] {
  const found: { length: number; readonly author: Person | null }[] = [];
  const push = (length: number, author: Person | null): void => {
    const last = found.at(-1);
    if (last !== undefined && last.author === author) last.length += length;
    else found.push({ length, author });
  };
  for (let item = first; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const { client, clock } = item.id;
    const end = clock + item.length;
    let at = clock;
    let by: Person | null = null;
    for (const next of authors.get(client) ?? []) {
      if (next.from >= end) break;
      if (next.from > at) push(next.from - at, by);
      at = Math.max(at, next.from);
      by = next.by;
    }
    push(end - at, by);
  }
  return found;
}

/** Gives each stretch another author, such as the person behind a client; neighbours that become one are joined. */
export function attributed<From, To>(
  stretches: readonly Stretch<From>[],
  to: (author: From) => To,
): readonly Stretch<To>[] {
  const found: { length: number; readonly author: To }[] = [];
  for (const { length, author } of stretches) {
    const mapped = to(author);
    const last = found.at(-1);
    if (last !== undefined && last.author === mapped) last.length += length;
    else found.push({ length, author: mapped });
  }
  return found;
}

/**
 * For each line its authors, whoever wrote most of it first; what is indented counts only where there is
 * nothing else. The line feed belongs to the line that it ends.
 */
export function authorsByLine<Author>(
  text: string,
  stretches: readonly Stretch<Author>[],
): readonly (readonly Author[])[] {
  const lines: Author[][] = [];
  let counts = new Map<Author, number>();
  const end = (): void => {
    lines.push([...counts].sort(([, a], [, b]) => b - a).map(([author]) => author));
    counts = new Map();
  };
  let at = 0;
  for (const { length, author } of stretches) {
    for (const until = at + length; at < until; at++) {
      const character = text[at];
      const weight = character === '\n' || character === ' ' ? 1e-6 : 1;
      counts.set(author, (counts.get(author) ?? 0) + weight);
      if (character === '\n') end();
    }
  }
  end();
  return lines;
}
