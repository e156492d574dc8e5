import * as Y from 'yjs';
import { notDeleted } from './cost.ts';
import { hasGaps, type Scan } from './scan-update.ts';

/** Under which clients an update brings something that the document has not, and from which of their clocks on. */
export function newClocks({ ranges }: Scan, doc: Y.Doc): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const [client, { from, to }] of ranges) {
    const start = Math.max(from, Y.getState(doc.store, client));
    if (start < to) found.set(client, start);
  }
  return found;
}

/**
 * Whether all of an update is new to the document, and takes effect at once: so it is with every key pressed. Not
 * with what somebody passes on for others, nor with deletions that everybody knows, which may be long.
 */
export function isAllNew(scan: Scan, doc: Y.Doc): boolean {
  const { store } = doc;
  if (scan.carriageReturn || scan.rotation !== null || scan.ranges.size > 1) return false;
  if (store.pendingStructs !== null || store.pendingDs !== null) return false;
  for (const [client, { from }] of scan.ranges) if (from !== Y.getState(store, client)) return false;
  if (hasGaps(scan, (client) => Y.getState(store, client))) return false;
  const { deleted } = scan;
  for (let i = 0; i < deleted.length; i += 3)
    if (notDeleted(doc, deleted[i] ?? 0, deleted[i + 1] ?? 0, deleted[i + 2] ?? 0) === 0) return false;
  return true;
}
