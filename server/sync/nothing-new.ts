import * as Y from 'yjs';
import { type DocumentKind, scanUpdate } from './scan-update.ts';

/**
 * Whether the document has everything that an update brings. Who may only read still answers the server's
 * sync step 1: with no struct, and with every deletion that it knows.
 */
export function bringsNothing(update: Uint8Array, kind: DocumentKind, doc: Y.Doc): boolean {
  const scan = scanUpdate(update, kind);
  if (!scan.ok || scan.value.skips) return false;
  for (const [client, { to }] of scan.value.ranges) if (to > Y.getState(doc.store, client)) return false;
  const { deleted } = scan.value;
  for (let i = 0; i < deleted.length; i += 3) {
    const [client = 0, clock = 0, length = 0] = deleted.slice(i, i + 3);
    if (!isDeleted(doc, client, clock, clock + length)) return false;
  }
  return true;
}

function isDeleted(doc: Y.Doc, client: number, from: number, end: number): boolean {
  if (from === end) return true;
  const structs = doc.store.clients.get(client);
  if (structs === undefined || end > Y.getState(doc.store, client)) return false;
  for (let at = Y.findIndexSS(structs, from); at < structs.length; at++) {
    const struct = structs[at];
    if (struct === undefined || struct.id.clock >= end) break;
    if (!struct.deleted) return false;
  }
  return true;
}
