import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import * as Y from 'yjs';
import { scanUpdate } from '../sync/scan-update.ts';
import { HEAD_BYTES, isSealed, RowSeal, sealingKeyOf } from './row-seal.ts';

const key = { id: '0123456789abcdef', workspace: 'home', bytes: randomBytes(32), strict: true };
const place = { kind: 'log', project: 'p' } as const;

test('what is sealed comes back in its place and nowhere else, also to another process with the same key', () => {
  const seal = new RowSeal(key);
  const other = new RowSeal(key);
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const sealed = seal.seal(place, bytes);
      expect(isSealed(sealed)).toBe(true);
      expect(sealingKeyOf(sealed)).toBe(key.id);
      expect(seal.open(place, sealed)).toEqual(bytes);
      expect(other.open(place, sealed)).toEqual(bytes);
      expect(seal.open({ kind: 'snapshot', project: 'p' }, sealed)).toBeNull();
      expect(seal.open({ kind: 'log', project: 'q' }, sealed)).toBeNull();
    }),
  );
});

test('no byte can be changed, and nothing be cut off', () => {
  const seal = new RowSeal(key);
  const sealed = seal.seal(place, randomBytes(40));
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 0x10;
    const opened = isSealed(changed) && sealingKeyOf(changed) === key.id ? seal.open(place, changed) : null;
    expect(opened, `byte ${at}`).toBeNull();
  }
  for (let length = HEAD_BYTES + 16; length < sealed.length; length++) {
    expect(seal.open(place, sealed.subarray(0, length)), `${length} bytes`).toBeNull();
  }
  expect(sealingKeyOf(sealed.subarray(0, HEAD_BYTES + 15))).toBeNull();
});

test('two texts are never sealed alike, nor by the same number', () => {
  const seal = new RowSeal(key);
  const bytes = randomBytes(20);
  const seen = new Set(
    Array.from({ length: 100 }, () => Buffer.from(seal.seal(place, bytes)).toString('hex')),
  );
  expect(seen.size).toBe(100);
});

test('nothing that the server takes in looks sealed', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), (rest) => {
      const update = Uint8Array.from([...Array.from({ length: 9 }, () => 0xff), ...rest]);
      expect(isSealed(update)).toBe(true);
      expect(scanUpdate(update, 'text').ok).toBe(false);
      expect(() => Y.applyUpdate(new Y.Doc(), update)).toThrow();
    }),
  );
});
