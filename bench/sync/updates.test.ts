import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { TEXT_ROOT } from '../../src/protocol/sync.ts';
import { STAMP_LENGTH, seedUpdate, stampsIn, typedUpdate } from './updates.ts';

test('what is written by hand is what Yjs reads as typing on', () => {
  const { update, end } = seedUpdate(5, 100);
  const doc = new Y.Doc();
  Y.applyUpdate(doc, update);
  Y.applyUpdate(doc, typedUpdate({ client: 9, clock: 0 }, end, 12));
  Y.applyUpdate(
    doc,
    typedUpdate({ client: 9, clock: STAMP_LENGTH }, { client: 9, clock: STAMP_LENGTH - 1 }, 34),
  );
  expect(doc.getText(TEXT_ROOT).toString().slice(100)).toBe('~0000000012 ~0000000034 ');
  expect(doc.store.pendingStructs).toBeNull();
});

test('stamps are found in single and in merged updates', () => {
  const updates = [7, 8_000_001].map((at, i) =>
    typedUpdate(
      { client: 9, clock: i * STAMP_LENGTH },
      { client: 9, clock: i * STAMP_LENGTH - 1 + (i === 0 ? 1 : 0) },
      at,
    ),
  );
  const found: number[] = [];
  stampsIn(Y.mergeUpdates(updates), (at) => found.push(at));
  expect(found).toEqual([7, 8_000_001]);
});
