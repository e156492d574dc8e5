/** A piece of text that a writer typed, and may have removed again. */
export interface Piece {
  readonly token: string;
  /** Typing it has been acknowledged. */
  readonly typedSafely: boolean;
  readonly removed: boolean;
  /** So has removing it. */
  readonly removedSafely: boolean;
}

export interface Verdict {
  /** Acknowledged edits that are not there. */
  readonly lost: readonly string[];
  /** What nobody typed, or typed once and is there twice. */
  readonly wrong: readonly string[];
}

const TOKEN = /<[^<>]*>/g;

/** Holds a text against what its writers did. What was not acknowledged may be there or not. */
export function judge(text: string, pieces: readonly Piece[]): Verdict {
  const found = new Map<string, number>();
  for (const [token] of text.matchAll(TOKEN)) found.set(token, (found.get(token) ?? 0) + 1);
  const lost: string[] = [];
  const wrong: string[] = [];
  const rest = text.replace(TOKEN, '');
  if (rest !== '') wrong.push(rest);
  const known = new Set(pieces.map(({ token }) => token));
  for (const [token, count] of found) if (count > 1 || !known.has(token)) wrong.push(token);
  for (const { token, typedSafely, removed, removedSafely } of pieces) {
    if (typedSafely && !removed && !found.has(token)) lost.push(token);
    if (removedSafely && found.has(token)) lost.push(`the removal of ${token}`);
  }
  return { lost, wrong };
}
