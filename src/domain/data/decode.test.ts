import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { AnnealError } from '../../base/error.ts';
import { checkTextSize, decodeText, MAX_TEXT_BYTES } from './decode.ts';

const SEED = 20_240_607;
const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const bytes = (...parts: (number | readonly number[])[]): Uint8Array => Uint8Array.from(parts.flat());

function utf16(text: string, big: boolean): Uint8Array {
  const out = new Uint8Array(text.length * 2);
  const view = new DataView(out.buffer);
  for (let i = 0; i < text.length; i++) view.setUint16(i * 2, text.charCodeAt(i), !big);
  return out;
}

function taken(input: Uint8Array): { text: string; notices: string[] } {
  const result = decodeText(input, 'a.txt');
  if (!result.ok) throw result.error;
  return { text: result.value.text, notices: result.value.notices.map((notice) => notice.code) };
}

function refused(input: Uint8Array): AnnealError {
  const result = decodeText(input, 'a.txt');
  if (result.ok) throw new Error('taken');
  return result.error;
}

describe('taken', () => {
  test('UTF-8, with or without its mark', () => {
    expect(taken(utf8('héllo 🙂\n'))).toEqual({ text: 'héllo 🙂\n', notices: [] });
    expect(taken(utf8('\ufeffhello'))).toEqual({ text: 'hello', notices: [] });
  });

  test('UTF-16 of either kind, with or without its mark, is converted and said to be', () => {
    for (const big of [false, true]) {
      for (const mark of ['', '\ufeff']) {
        const decoded = taken(utf16(`${mark}Once upon a time é 🙂`, big));
        expect(decoded).toEqual({ text: 'Once upon a time é 🙂', notices: ['ANN-DAT-020'] });
      }
    }
  });

  test('line ends become LF, and that is said', () => {
    expect(taken(utf8('a\r\nb\rc\n'))).toEqual({ text: 'a\nb\nc\n', notices: ['ANN-DAT-021'] });
  });

  test('a few control characters are kept and pointed out', () => {
    const text = `${'plain text '.repeat(20)}\u001b[31mred`;
    expect(taken(utf8(text))).toEqual({ text, notices: ['ANN-DAT-022'] });
  });

  test('JSON, CSV and words that look like signatures are text', () => {
    for (const text of ['{"a": 1}', 'a,b\n1,2\n', 'ID3 is a tag', 'GIF89a', 'BZhou went home', 'PAR1']) {
      expect(taken(utf8(text)).text).toBe(text);
    }
  });
});

describe('refused', () => {
  test('nothing, or nothing but white space', () => {
    for (const text of ['', '\ufeff', ' \r\n\t ']) expect(refused(utf8(text)).code).toBe('ANN-DAT-001');
  });

  test('too large, before it is read, with the limit and a way out', () => {
    expect(checkTextSize(MAX_TEXT_BYTES)).toBeNull();
    const error = checkTextSize(200 * 2 ** 20, 'big.txt');
    expect(error).toMatchObject({ code: 'ANN-DAT-002', where: 'big.txt' });
    expect(error?.message).toContain('200 MB');
    expect(error?.message).toContain('64 MB');
    expect(error?.fix).toContain('head -c');
    expect(refused(new Uint8Array(MAX_TEXT_BYTES + 1)).code).toBe('ANN-DAT-002');
  });

  test('well-known binary files by name, others by their zero bytes', () => {
    expect(refused(bytes([...utf8('%PDF-1.7\n')], 0xff)).message).toContain('PDF');
    expect(refused(bytes(0x50, 0x4b, 3, 4, 0, 0)).message).toContain('zip');
    expect(refused(bytes(0x89, [...utf8('PNG')], 13, 10)).message).toContain('PNG');
    expect(refused(bytes([...utf8('abc')], 0, 1, 2, 3))).toMatchObject({
      code: 'ANN-DAT-003',
      data: { offset: 3 },
    });
    expect(refused(bytes(1, 2, 3, 4, 5, 6, 65)).code).toBe('ANN-DAT-003');
  });

  test('invalid UTF-8, with the byte', () => {
    const cases: [Uint8Array, number][] = [
      [bytes(0x61, 0x62, 0xe9, 0x20), 2], // é in Windows-1252
      [bytes(0xef, 0xbb, 0xbf, 0x61, 0x80), 4], // the mark counts
      [bytes(0x61, 0xc0, 0xaf), 1], // overlong
      [bytes(0x61, 0xed, 0xa0, 0x80), 1], // a surrogate
      [bytes(0x61, 0xf4, 0x90, 0x80, 0x80), 1], // beyond Unicode
      [bytes(0x61, 0xe2, 0x82), 1], // cut off
    ];
    for (const [input, offset] of cases) {
      expect(refused(input)).toMatchObject({ code: 'ANN-DAT-004', where: 'a.txt', data: { offset } });
    }
  });

  test('broken UTF-16, and UTF-32', () => {
    expect(refused(bytes(0xff, 0xfe, 0x61, 0x00, 0x62)).code).toBe('ANN-DAT-005');
    expect(refused(bytes(0xff, 0xfe, 0x00, 0xd8, 0x61, 0x00)).code).toBe('ANN-DAT-005');
    expect(refused(bytes(0xff, 0xfe, 0, 0, 0x61, 0, 0, 0)).code).toBe('ANN-DAT-006');
  });
});

test('any bytes give a text or a reason, never an exception', () => {
  const any = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary', maxLength: 60 }).map((text) => utf8(text)),
    fc.tuple(fc.string({ maxLength: 40 }), fc.boolean()).map(([text, big]) => utf16(text, big)),
    fc
      .tuple(fc.constantFrom('\ufeff', '%PDF-', 'PK'), fc.uint8Array())
      .map(([a, b]) => bytes([...utf8(a)], [...b])),
    fc.tuple(fc.constantFrom([0xff, 0xfe], [0xfe, 0xff]), fc.uint8Array()).map(([a, b]) => bytes(a, [...b])),
  );
  fc.assert(
    fc.property(any, (input) => {
      const result = decodeText(input, 'a.txt');
      if (result.ok) {
        const { text } = result.value;
        expect(text.isWellFormed()).toBe(true);
        expect(text).not.toMatch(/[\r\0]/);
        // What is stored is taken again as it is.
        const again = decodeText(utf8(text));
        if (!text.startsWith('\ufeff')) expect(again.ok && again.value.text).toBe(text);
      } else {
        expect(result.error).toBeInstanceOf(AnnealError);
        expect(result.error.fix).not.toBe('');
      }
    }),
    { seed: SEED, numRuns: 5000 },
  );
});
