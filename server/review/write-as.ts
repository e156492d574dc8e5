import { randomInt } from 'node:crypto';
import * as Y from 'yjs';
import type { TextPosition } from '../../src/protocol/review.ts';

/** A stretch of a text by offsets, and what comes in its place. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Edits a text under a Yjs client id of its own, which is returned: so it stays known whose edit it was. Must be
 * called in a transaction; the replacements do not overlap.
 */
export function writeAs(text: Y.Text, replacements: readonly Replacement[]): number {
  const { doc } = text;
  if (doc === null) throw new Error('A text that is in no document cannot be edited.');
  const own = doc.clientID;
  let client = randomInt(2 ** 32);
  while (doc.store.clients.has(client) || client === own) client = randomInt(2 ** 32);
  doc.clientID = client;
  try {
    // Last first, so that none moves another.
    for (const { start, end, text: inserted } of [...replacements].sort((a, b) => b.start - a.start)) {
      if (end > start) text.delete(start, end - start);
      if (inserted !== '') text.insert(start, inserted);
    }
  } finally {
    doc.clientID = own;
  }
  return client;
}

/** Where a position is in the text now; null where it is of no such text. */
export function offsetOf(text: Y.Text, position: TextPosition): number | null {
  if (text.doc === null) return null;
  try {
    const relative = Y.createRelativePositionFromJSON(position);
    const found = Y.createAbsolutePositionFromRelativePosition(relative, text.doc);
    return found?.type === text && found.index >= 0 && found.index <= text.length ? found.index : null;
  } catch {
    return null; // it names an item that never was
  }
}

/** Whether the very character that a position holds on to has been deleted. */
export function isGone({ doc }: Y.Text, { item }: TextPosition): boolean {
  if (doc === null || item === undefined) return false;
  const structs = doc.store.clients.get(item.client) ?? [];
  const found = structs.findLast(({ id }) => id.clock <= item.clock);
  return found === undefined || found.deleted;
}
