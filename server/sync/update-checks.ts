import * as encoding from 'lib0/encoding';
import * as Y from 'yjs';
import { serverErrors } from '../errors.ts';
import { type Retired, retiredAsSaid } from './retired.ts';
import { retiringStruct } from './rotation.ts';
import { type DocumentKind, hasGaps, type Scan } from './scan-update.ts';
import { Slices } from './slices.ts';

/** What an update refers to is looked at before Yjs sees it: it may be of another life of the document, or of none. */

/** Who sent it is to come again, with all that is missing. */
export class MissingParts extends Error {}

/** An update that builds on what the server does not have. */
export class OutOfOrder extends MissingParts {}

const missing = (): OutOfOrder => new OutOfOrder('Parts that this update builds on are missing');

/**
 * Nothing of a stranger's waits for other updates in a document: what waits for ever would keep it from beginning
 * anew, and what it says would be seen only when it takes effect. Who writes has what he builds on, and sends it
 * first: else he is to send everything anew. Only in the answer to the server's step 1 may be what a client has heard
 * of others and cannot place itself: that is left out, as with deletions. Answers with the update to take in.
 */
export function withoutGaps(
  update: Uint8Array,
  scan: Scan,
  kind: DocumentKind,
  { store }: Y.Doc,
  isAnswer: boolean,
): Uint8Array {
  const known = (client: number): number => Y.getState(store, client);
  if (!hasGaps(scan, known)) return update;
  if (!isAnswer) throw missing();
  const slices = Slices.of(update, kind, known);
  if (slices === null) throw serverErrors.malformedUpdate();
  return slices.placeable(known);
}

/**
 * The update, which has no gaps, in slices, each of which builds on those before it. Structs of which each is to be
 * placed beside the other would wait for ever.
 */
export function inOrder(update: Uint8Array, kind: DocumentKind, { store }: Y.Doc): Slices {
  const known = (client: number): number => Y.getState(store, client);
  const slices = Slices.of(update, kind, known);
  if (slices === null) throw serverErrors.malformedUpdate();
  if (!slices.isWhole) throw serverErrors.hostileUpdate();
  return slices;
}

/**
 * Only a document that the server has lost takes from an editor who is retired. It comes back in parts, from several
 * editors at once, and over lines that break: so what counts is not that the document is empty, but that nobody is
 * named who has written in it. Whoever names others keeps nobody out but who has not written yet.
 */
export function checkRotation(scan: Scan, doc: Y.Doc): void {
  const { rotation, ranges, needs } = scan;
  const { store } = doc;
  if (rotation === null || rotation.clock < Y.getState(store, rotation.client)) return;
  const named = retiredAsSaid(rotation.retired);
  if (named === null || retiringStruct(doc) !== null) throw serverErrors.wrongContent();
  for (const known of [ranges, needs])
    for (const client of known.keys()) if (named.has(client)) throw serverErrors.wrongContent();
  // The generation before came back first: this editor opens the document anew, and keeps its text beside it.
  for (const client of writersOf(doc)) if (named.has(client)) throw serverErrors.rotatedUpdate();
}

/** Also of what waits for other updates. */
function writersOf({ store }: Y.Doc): readonly number[] {
  const { pendingStructs } = store;
  const waiting = pendingStructs === null ? [] : Y.decodeUpdateV2(pendingStructs.update).structs;
  return [...store.clients.keys(), ...waiting.map(({ id }) => id.client)];
}

export function checkGeneration({ ranges, needs }: Scan, doc: Y.Doc, retired: Retired): void {
  if (retired.size === 0) return;
  // Whoever deletes the struct that names the retired, or puts something in its place, would bring them back.
  const retiring = retiringStruct(doc);
  if (retiring !== null && (needs.get(retiring.client) ?? 0) > retiring.clock)
    throw serverErrors.wrongContent();
  for (const known of [ranges, needs])
    for (const client of known.keys()) if (retired.has(client)) throw serverErrors.rotatedUpdate();
}

/**
 * Deletions of what nobody has written would wait for ever, and then delete what somebody writes. Who deletes has
 * what he deletes, and sends it first: else he is to send everything anew. Only in the answer to the server's step 1
 * may be what a client has heard of others and cannot place itself: that is left out, they say it themselves.
 * Answers with the update to take in.
 */
export function withoutUnknownDeletions(
  update: Uint8Array,
  scan: Scan,
  { store }: Y.Doc,
  isAnswer: boolean,
): Uint8Array {
  const { deleted, ranges } = scan;
  const kept = new Map<number, number[]>();
  let left = 0;
  for (let i = 0; i < deleted.length; i += 3) {
    const [client = 0, clock = 0, length = 0] = [deleted[i], deleted[i + 1], deleted[i + 2]];
    const end = Math.min(clock + length, Math.max(Y.getState(store, client), ranges.get(client)?.to ?? 0));
    if (end < clock + length) {
      if (!isAnswer) throw missing();
      left++;
    }
    if (end <= clock) continue;
    const parts = kept.get(client) ?? [];
    kept.set(client, parts);
    parts.push(clock, end - clock);
  }
  if (left === 0) return update;
  return encoding.encode((encoder) => {
    encoding.writeUint8Array(encoder, update.subarray(0, scan.deletesAt));
    encoding.writeVarUint(encoder, kept.size);
    for (const [client, parts] of kept) {
      encoding.writeVarUint(encoder, client);
      encoding.writeVarUint(encoder, parts.length / 2);
      for (const part of parts) encoding.writeVarUint(encoder, part);
    }
  });
}
