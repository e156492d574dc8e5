import fc from 'fast-check';
import { expect, test } from 'vitest';
import { TextStream } from './text-stream.ts';

/** A byte-level vocabulary at its most extreme: each id is one byte. */
const decode = (ids: ArrayLike<number>): string =>
  new TextDecoder('utf-8', { ignoreBOM: true }).decode(Uint8Array.from(ids));

function feed(stream: TextStream, bytes: Iterable<number>): { pieces: string[]; rest: string } {
  const pieces: string[] = [];
  for (const byte of bytes) {
    if (stream.stopped) break;
    pieces.push(stream.push(byte));
  }
  return { pieces, rest: stream.end() };
}

test('gives out whole characters as soon as they are whole', () => {
  const { pieces, rest } = feed(new TextStream(decode, []), new TextEncoder().encode('aé🙂b'));
  expect(pieces).toEqual(['a', '', 'é', '', '', '', '🙂', 'b']);
  expect(rest).toBe('');
});

test('any text comes out as it went in, and no piece before the end has half a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), (text) => {
      const { pieces, rest } = feed(new TextStream(decode, []), new TextEncoder().encode(text));
      expect(pieces.join('') + rest).toBe(text.toWellFormed());
    }),
  );
});

test('any bytes, also ones that are no UTF-8, come out as decoding them at once would give', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const { pieces, rest } = feed(new TextStream(decode, []), bytes);
      expect(pieces.join('') + rest).toBe(decode(bytes));
    }),
    { numRuns: 500 },
  );
});

test('ends before a stop string, wherever the tokens cut it, and never gives out a part of it', () => {
  const word = fc.constantFrom('a', 'b', 'ab', 'ba', 'aa', '\n');
  fc.assert(
    fc.property(
      fc.array(word, { maxLength: 30 }),
      fc.array(word, { minLength: 1, maxLength: 3 }),
      (words, stops) => {
        const text = words.join('');
        const stream = new TextStream(decode, stops);
        const { pieces, rest } = feed(stream, new TextEncoder().encode(text));
        const found = stops.map((stop) => text.indexOf(stop)).filter((at) => at >= 0);
        // The first to be complete ends it: that is where the earliest end lies.
        const ends = stops
          .map((stop) => text.indexOf(stop) + stop.length)
          .filter((_, i) => text.includes(stops[i] ?? ''));
        const first = text.slice(0, Math.min(...ends, text.length));
        const cut = Math.min(...stops.map((stop) => first.indexOf(stop)).filter((at) => at >= 0));
        expect(stream.stopped).toBe(found.length > 0);
        expect(pieces.join('') + rest).toBe(found.length > 0 ? text.slice(0, cut) : text);
      },
    ),
    { numRuns: 500 },
  );
});

test('an empty stop string is none', () => {
  expect(feed(new TextStream(decode, ['']), [97, 98]).pieces).toEqual(['a', 'b']);
});
