import * as decoding from 'lib0/decoding';
import { expect, test } from 'vitest';
import { MessageType, SyncMessageType } from '../../src/protocol/sync.ts';
import { durableFrame, onWire, updateFrame } from './frames.ts';

test.each([
  [0, [0x82, 0]],
  [125, [0x82, 125]],
  [126, [0x82, 126, 0, 126]],
  [65_535, [0x82, 126, 0xff, 0xff]],
  [65_536, [0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0]],
])('a message of %i bytes is one frame, as RFC 6455 has it', (length, header) => {
  const message = new Uint8Array(length).fill(7);
  const wire = onWire(message);
  expect([...wire.subarray(0, header.length)]).toEqual(header);
  expect(wire.subarray(header.length).equals(message)).toBe(true);
  expect(onWire(message)).toBe(wire);
});

test.each([0, 127, 128, 16_383, 16_384, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Number.MAX_SAFE_INTEGER])(
  'numbers such as %i are written as lib0 reads them',
  (number) => {
    const decoder = decoding.createDecoder(durableFrame(number, number, number));
    const read = [0, 1, 2, 3].map(() => decoding.readVarUint(decoder));
    expect(read).toEqual([MessageType.durable, number, number, number]);
    expect(decoding.hasContent(decoder)).toBe(false);
  },
);

test.each([0, 1, 127, 128, 70_000])('an update of %i bytes is framed as y-protocols reads it', (length) => {
  const update = new Uint8Array(length).fill(9);
  const decoder = decoding.createDecoder(updateFrame(update));
  expect(decoding.readVarUint(decoder)).toBe(MessageType.sync);
  expect(decoding.readVarUint(decoder)).toBe(SyncMessageType.update);
  expect(decoding.readVarUint8Array(decoder)).toEqual(update);
  expect(decoding.hasContent(decoder)).toBe(false);
});
