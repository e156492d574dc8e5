import * as Y from 'yjs';
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

/** Whether all of an update is new to the document, and takes effect at once: so it is with every key pressed. */
export function isAllNew(scan: Scan, { store }: Y.Doc): boolean {
  if (scan.carriageReturn || scan.rotation !== null) return false;
  if (store.pendingStructs !== null || store.pendingDs !== null) return false;
  for (const [client, { from }] of scan.ranges) if (from !== Y.getState(store, client)) return false;
  return !hasGaps(scan, (client) => Y.getState(store, client));
}
