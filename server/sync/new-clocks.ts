import * as Y from 'yjs';
import type { Scan } from './scan-update.ts';

/** Under which clients an update brings something that the document has not, and from which of their clocks on. */
export function newClocks({ ranges }: Scan, doc: Y.Doc): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const [client, { from, to }] of ranges) {
    const start = Math.max(from, Y.getState(doc.store, client));
    if (start < to) found.set(client, start);
  }
  return found;
}
