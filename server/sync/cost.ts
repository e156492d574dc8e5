import * as Y from 'yjs';
import type { Scan } from './scan-update.ts';

/**
 * What applying an update may cost, told beforehand. Placing a struct means looking at those that claim the same
 * place: in a document that somebody has built for it, at every struct that there is.
 */

const MS_PER_PART = 0.005;
const MS_PER_PART_AND_STRUCT = 0.000_16;

/** Beyond this an update is tried in a thread of its own first, and applied in portions. */
export const DIRECT_MS = 15;
/** What a portion should take: shorter than anybody notices, longer than what a transaction costs by itself. */
const PORTION_MS = 4;
const MAX_PORTION = 1024;

export function structsOf(doc: Y.Doc): number {
  let count = 0;
  for (const structs of doc.store.clients.values()) count += structs.length;
  return count;
}

export const worstMs = (parts: number, structs: number): number =>
  parts * (MS_PER_PART + structs * MS_PER_PART_AND_STRUCT);

/** How many structs to begin with, where each may cost the worst. */
export function firstPortion(structs: number): number {
  return Math.max(1, Math.min(MAX_PORTION, Math.floor(PORTION_MS / worstMs(1, structs))));
}

/** How many come next, after what the last took. */
export function nextPortion(size: number, tookMs: number): number {
  if (tookMs < PORTION_MS / 2) return Math.min(MAX_PORTION, size * 2);
  if (tookMs > PORTION_MS * 2) return Math.max(1, Math.floor(size / 4));
  return size;
}

export interface News {
  /** Structs that the document does not have, at most. */
  readonly structs: number;
  /** Structs of the document that are deleted by it; ranges of what it does not have count as one. */
  readonly deletes: number;
  /** Clients that the document does not know. */
  readonly clients: number;
}

/** What an update brings that the document does not have. Who reconnects sends every deletion that he knows. */
export function newsOf(scan: Scan, doc: Y.Doc): News {
  let structs = scan.skips ? 1 : 0;
  let clients = 0;
  for (const [client, range] of scan.ranges) {
    if (range.to > Y.getState(doc.store, client)) structs += range.structs;
    if (!doc.store.clients.has(client)) clients++;
  }
  let deletes = 0;
  const { deleted } = scan;
  for (let i = 0; i < deleted.length; i += 3)
    deletes += notDeleted(doc, deleted[i] ?? 0, deleted[i + 1] ?? 0, deleted[i + 2] ?? 0);
  return { structs, deletes, clients };
}

/** How many structs of a range are still to be deleted; those that the document does not have count as one. */
export function notDeleted(doc: Y.Doc, client: number, from: number, length: number): number {
  if (length === 0) return 0;
  const end = from + length;
  const structs = doc.store.clients.get(client);
  const known = Y.getState(doc.store, client);
  if (structs === undefined || from >= known) return 1;
  let count = end > known ? 1 : 0;
  for (let at = Y.findIndexSS(structs, from); at < structs.length; at++) {
    const struct = structs[at];
    if (struct === undefined || struct.id.clock >= end) break;
    if (!struct.deleted) count++;
  }
  return count;
}
