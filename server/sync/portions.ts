import * as Y from 'yjs';
import type { DocumentKind } from '../../src/protocol/sync.ts';
import { firstPortion, nextPortion, structsOf } from './cost.ts';
import { storedLimits } from './scan-update.ts';
import { Slices } from './slices.ts';

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

/** Yjs cannot apply one of the pieces that were stored. */
export class UnreadablePiece extends Error {
  /** Of the updates; -1: the snapshot. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.index = index;
  }
}

/** Hands out what was stored, in portions: whoever opens a long document holds nobody else up. */
export function* storedPortions(
  doc: Y.Doc,
  kind: DocumentKind,
  { snapshot, updates }: { readonly snapshot: Uint8Array | null; readonly updates: readonly Uint8Array[] },
  take: (part: Uint8Array) => void,
): Generator<void> {
  const known = (client: number): number => Y.getState(doc.store, client);
  let index = snapshot === null ? 0 : -1;
  for (const bytes of snapshot === null ? updates : [snapshot, ...updates]) {
    try {
      const slices = bytes.length < SMALL_STATE ? null : Slices.of(bytes, kind, known, storedLimits);
      if (slices !== null) yield* portions(slices, doc, take);
      else {
        take(bytes);
        yield;
      }
    } catch (cause) {
      throw new UnreadablePiece(index, cause);
    }
    index++;
  }
}
