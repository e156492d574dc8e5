import * as Y from 'yjs';
import type { DocumentKind } from '../../src/protocol/sync.ts';
import { firstPortion, nextPortion, structsOf } from './cost.ts';
import { storedLimits } from './scan-update.ts';
import { Slices } from './slices.ts';
import type { Turns } from './turns.ts';

/** States below this are applied in one go. */
const SMALL_STATE = 32 * 1024;

/** Hands out the parts of an update, each as large as fits into a turn. */
export function* portions(slices: Slices, doc: Y.Doc, take: (part: Uint8Array) => void): Generator<void> {
  for (let size = firstPortion(structsOf(doc)); ; ) {
    const part = slices.next(size, doc);
    if (part === null) return;
    const began = performance.now();
    take(part);
    size = nextPortion(size, performance.now() - began);
    yield;
  }
}

/** Fills a document with what was stored, in portions: whoever opens a long document holds nobody else up. */
export async function fill(
  doc: Y.Doc,
  kind: DocumentKind,
  stored: { readonly snapshot: Uint8Array | null; readonly updates: readonly Uint8Array[] },
  turns: Turns,
): Promise<void> {
  const apply = (part: Uint8Array): void => Y.applyUpdate(doc, part, 'store');
  const { snapshot, updates } = stored;
  if (snapshot !== null) {
    const isSmall = snapshot.length < SMALL_STATE;
    const slices = isSmall ? null : Slices.of(snapshot, kind, () => 0, storedLimits);
    if (slices === null) apply(snapshot);
    else await turns.run(portions(slices, doc, apply));
  }
  if (updates.length > 0) await turns.run(each(updates, apply));
}

function* each<T>(items: readonly T[], take: (item: T) => void): Generator<void> {
  for (const item of items) {
    take(item);
    yield;
  }
}
