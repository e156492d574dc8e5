/** Who wrote what: from the items of a shared text, each of which knows the client that it came from. */

/** An item of a Yjs text as it lies in memory; this layer knows no more of Yjs. */
export interface TextItem {
  readonly id: { readonly client: number };
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

/** The visible text from its first item on, by client; neighbours of one client are one. */
export function stretchesOf(first: TextItem | null): readonly Stretch<number>[] {
  const found: { length: number; readonly author: number }[] = [];
  for (let item = first; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue;
    const last = found.at(-1);
    if (last !== undefined && last.author === item.id.client) last.length += item.length;
    else found.push({ length: item.length, author: item.id.client });
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
