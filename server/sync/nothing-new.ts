import type * as Y from 'yjs';
import { newsOf } from './cost.ts';
import { type DocumentKind, scanUpdate } from './scan-update.ts';

/**
 * Whether the document has everything that an update brings. Who may only read still answers the server's
 * sync step 1: with no struct, and with every deletion that it knows.
 */
export function bringsNothing(update: Uint8Array, kind: DocumentKind, doc: Y.Doc): boolean {
  const scan = scanUpdate(update, kind);
  if (!scan.ok) return false;
  const { structs, deletes } = newsOf(scan.value, doc);
  return structs === 0 && deletes === 0;
}
