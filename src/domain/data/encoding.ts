/** What kind of bytes a file holds, told from the bytes alone. */

export type Encoding =
  | { readonly kind: 'utf-8' | 'utf-16le' | 'utf-16be'; readonly mark: number }
  | { readonly kind: 'utf-32' }
  | { readonly kind: 'known'; readonly what: string };

/** First bytes of files that people drop by mistake, in Latin-1, and what to call them. */
const signatures: readonly (readonly [string, string])[] = [
  ['%PDF-', 'a PDF file'],
  ['PK\u0003\u0004', 'a zip file (Word, Excel and EPUB files are such, too)'],
  ['\u001f\u008b', 'a gzip file'],
  ['(\u00b5/\u00fd', 'a zstd file'],
  ['BZh', 'a bzip2 file'],
  ['\u00fd7zXZ', 'an xz file'],
  ['7z\u00bc\u00af', 'a 7-Zip file'],
  ['\u0089PNG', 'a PNG picture'],
  ['\u00ff\u00d8\u00ff', 'a JPEG picture'],
  ['GIF8', 'a GIF picture'],
  ['OggS', 'an Ogg recording'],
  ['ID3', 'an MP3 recording'],
  ['PAR1', 'a Parquet file'],
  ['SQLite format 3\u0000', 'an SQLite database'],
  ['\u00d0\u00cf\u0011\u00e0', 'an old Word or Excel file'],
  ['GGUF', 'a GGUF model'],
  ['\u0080\u0002', 'a Python pickle'],
];

function startsWith(bytes: Uint8Array, signature: string): boolean {
  if (bytes.length < signature.length) return false;
  for (let i = 0; i < signature.length; i++) if (bytes[i] !== signature.charCodeAt(i)) return false;
  return true;
}

// Enough to tell, and quick for a large file.
const LOOKED_AT = 1 << 16;

export function detectEncoding(bytes: Uint8Array): Encoding {
  if (startsWith(bytes, '\u00ef\u00bb\u00bf')) return { kind: 'utf-8', mark: 3 };
  if (startsWith(bytes, '\u00ff\u00fe\u0000\u0000') || startsWith(bytes, '\u0000\u0000\u00fe\u00ff')) {
    return { kind: 'utf-32' };
  }
  if (startsWith(bytes, '\u00ff\u00fe')) return { kind: 'utf-16le', mark: 2 };
  if (startsWith(bytes, '\u00fe\u00ff')) return { kind: 'utf-16be', mark: 2 };
  for (const [signature, what] of signatures) {
    // Letters alone could begin a text: those need a byte that no text has.
    const printable = /^[ -~]*$/.test(signature) && signature !== '%PDF-';
    if (startsWith(bytes, signature) && (!printable || bytes.subarray(0, LOOKED_AT).includes(0))) {
      return { kind: 'known', what };
    }
  }
  return fromZeros(bytes) ?? { kind: 'utf-8', mark: 0 };
}

/**
 * UTF-16 without its mark: in the languages of the Latin alphabet every second byte is zero, always the
 * same half of the pair.
 */
function fromZeros(bytes: Uint8Array): Encoding | null {
  const length = Math.min(bytes.length, LOOKED_AT) & ~1;
  if (length < 4 || bytes.length % 2 === 1) return null;
  let even = 0;
  let odd = 0;
  for (let i = 0; i < length; i += 2) {
    if (bytes[i] === 0) even++;
    if (bytes[i + 1] === 0) odd++;
  }
  const pairs = length / 2;
  if (odd > 0.4 * pairs && even === 0) return { kind: 'utf-16le', mark: 0 };
  if (even > 0.4 * pairs && odd === 0) return { kind: 'utf-16be', mark: 0 };
  return null;
}

/**
 * Offset of the first byte that is not part of valid UTF-8 (Unicode 16, table 3-7), or -1. Only called
 * once decoding has failed, so it need not be fast.
 */
export function firstInvalidUtf8(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const lead = bytes[at] as number;
    const length =
      lead < 0x80 ? 1 : lead < 0xc2 ? 0 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : lead < 0xf5 ? 4 : 0;
    if (length === 0) return at;
    for (let i = 1; i < length; i++) {
      const byte = bytes[at + i];
      if (byte === undefined || byte < 0x80 || byte > 0xbf) return at;
    }
    const second = bytes[at + 1] ?? 0;
    // Overlong forms, surrogates, beyond U+10FFFF.
    if (lead === 0xe0 && second < 0xa0) return at;
    if (lead === 0xed && second > 0x9f) return at;
    if (lead === 0xf0 && second < 0x90) return at;
    if (lead === 0xf4 && second > 0x8f) return at;
    at += length;
  }
  return -1;
}
