import { expect, test } from 'vitest';
import { readTrace } from './trace.ts';

function record(kind: number, file: number, offset: number, data: Buffer, at: bigint): Buffer {
  const header = Buffer.alloc(40);
  header.writeUInt32LE(kind, 0);
  header.writeUInt32LE(file, 4);
  header.writeBigUInt64LE(BigInt(offset), 8);
  header.writeBigUInt64LE(BigInt(data.length), 16);
  header.writeBigUInt64LE(at, 24);
  return Buffer.concat([header, data]);
}

test('a trace reads as what was done, without the record that the kill cut off', () => {
  const nothing = Buffer.alloc(0);
  const bytes = Buffer.concat([
    record(1, 0, 0, Buffer.from('/data/anneal.db'), 1n),
    record(2, 0, 4096, Buffer.from('abc'), 2n),
    record(4, 0, 0, nothing, 3n),
    record(3, 0, 100, nothing, 4n),
    record(2, 0, 0, Buffer.from('cut off'), 5n).subarray(0, 43),
  ]);
  const file = '/data/anneal.db';
  expect(readTrace(bytes)).toEqual([
    { kind: 'written', file, at: 2n, offset: 4096, data: Buffer.from('abc') },
    { kind: 'synced', file, at: 3n },
    { kind: 'truncated', file, at: 4n, length: 100 },
  ]);
});
