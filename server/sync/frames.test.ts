import { expect, test } from 'vitest';
import { onWire } from './frames.ts';

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
