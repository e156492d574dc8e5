import type * as Y from 'yjs';
import { serverErrors } from '../errors.ts';
import { newsOf } from './cost.ts';
import { newClocks } from './new-clocks.ts';
import { type DocumentKind, scanUpdate } from './scan-update.ts';
import { withoutGaps } from './update-checks.ts';

const offences: ReadonlySet<string> = new Set(
  [serverErrors.malformedUpdate, serverErrors.hostileUpdate].map(({ code }) => code),
);

/**
 * Whether the document has everything that an update brings. Who may only read still answers the server's
 * sync step 1 (`isAnswer`): with no struct but what he has heard of others and cannot place, and with every deletion
 * that he knows. Throws malformedUpdate and hostileUpdate: such bytes are nobody's edit, and so not one that his role
 * forbids.
 */
export function bringsNothing(
  update: Uint8Array,
  kind: DocumentKind,
  doc: Y.Doc,
  isAnswer: boolean,
): boolean {
  const scan = scanUpdate(update, kind);
  if (!scan.ok) {
    if (offences.has(scan.error.code)) throw scan.error;
    return false;
  }
  const placed = isAnswer ? withoutGaps(update, scan.value, kind, doc, isAnswer) : update;
  if (placed !== update) return bringsNothing(placed, kind, doc, false);
  const { structs, deletes } = newsOf(scan.value, doc);
  return structs === 0 && deletes === 0;
}

/** Whether an update brings something that was written as this client. */
export function bringsOf(client: number, update: Uint8Array, kind: DocumentKind, doc: Y.Doc): boolean {
  const scan = scanUpdate(update, kind);
  return scan.ok && newClocks(scan.value, doc).has(client);
}
