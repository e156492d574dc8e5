import type { AnnealError, ErrorFacts } from '../../base/error.ts';
import { err, ok, type Result } from '../../base/result.ts';
import { detectEncoding, firstInvalidUtf8 } from './encoding.ts';
import { dataErrors } from './errors.ts';

/** Above this a browser tab runs short: the text, its tokens at 4 bytes each, and the model besides. */
export const MAX_TEXT_BYTES = 64 * 2 ** 20;

/** More control characters than this share: not text. */
const CONTROL_SHARE = 0.1;

export interface DecodedText {
  /** Well formed, with LF line ends and no byte-order mark: what is stored, hashed and trained on. */
  readonly text: string;
  /** What was changed on the way, for the user to know. */
  readonly notices: readonly ErrorFacts[];
}

/** Whether a file of so many bytes may be read at all; ask before reading it. `where` is its name. */
export function checkTextSize(bytes: number, where?: string): AnnealError | null {
  if (bytes <= MAX_TEXT_BYTES) return null;
  return dataErrors.tooLarge({
    ...at(where),
    message: `The file has ${megabytes(bytes)} MB; texts of up to ${megabytes(MAX_TEXT_BYTES)} MB can be trained on here.`,
    data: { bytes, limit: MAX_TEXT_BYTES },
  });
}

/**
 * A text file's bytes as text, whatever they are: UTF-8 with or without mark, UTF-16 converted, anything
 * else refused with ANN-DAT-001 to 006. `where` is the file's name. Never throws.
 */
export function decodeText(bytes: Uint8Array, where?: string): Result<DecodedText> {
  const tooLarge = checkTextSize(bytes.length, where);
  if (tooLarge !== null) return err(tooLarge);
  if (bytes.length === 0) return err(dataErrors.empty({ ...at(where), message: 'The file is empty.' }));
  const encoding = detectEncoding(bytes);
  if (encoding.kind === 'known') {
    return err(dataErrors.binary({ ...at(where), message: `This is ${encoding.what}, not a text.` }));
  }
  if (encoding.kind === 'utf-32') return err(dataErrors.utf32(at(where)));
  const body = bytes.subarray(encoding.mark);
  if (encoding.kind === 'utf-8') {
    const decoded = decodeUtf8(body, encoding.mark, where);
    return decoded.ok ? normalise(decoded.value, [], where) : decoded;
  }
  const decoded = decodeUtf16(body, encoding.kind, where);
  return decoded.ok ? normalise(decoded.value, [dataErrors.fromUtf16(at(where)).toJSON()], where) : decoded;
}

function decodeUtf8(bytes: Uint8Array, offset: number, where: string | undefined): Result<string> {
  const zero = bytes.indexOf(0);
  if (zero >= 0) {
    return err(
      dataErrors.binary({
        ...at(where),
        message: `The file is not text: byte ${zero + offset} is zero, which no text holds.`,
        data: { offset: zero + offset },
      }),
    );
  }
  try {
    return ok(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    const offending = firstInvalidUtf8(bytes);
    const value = (bytes[offending] ?? 0).toString(16).padStart(2, '0');
    return err(
      dataErrors.notUtf8({
        ...at(where),
        message: `The text is not valid UTF-8: byte ${offending + offset} (0x${value}) does not fit.`,
        data: { offset: offending + offset },
      }),
    );
  }
}

function decodeUtf16(
  bytes: Uint8Array,
  kind: 'utf-16le' | 'utf-16be',
  where: string | undefined,
): Result<string> {
  let little = bytes;
  if (kind === 'utf-16be') {
    // Not every runtime decodes big-endian; swapping is a line.
    little = new Uint8Array(bytes.length);
    for (let i = 0; i < bytes.length; i++) little[i] = bytes[i ^ 1] ?? 0;
  }
  try {
    if (bytes.length % 2 === 1) throw new RangeError('half a character at the end');
    return ok(new TextDecoder('utf-16le', { fatal: true, ignoreBOM: true }).decode(little));
  } catch (thrown) {
    const detail = bytes.length % 2 === 1 ? 'it ends in half a character' : 'it holds an unpaired surrogate';
    return err(
      dataErrors.brokenUtf16({
        ...at(where),
        message: `The text looks like UTF-16 but is broken: ${detail}.`,
        cause: thrown,
      }),
    );
  }
}

function normalise(
  decoded: string,
  before: readonly ErrorFacts[],
  where: string | undefined,
): Result<DecodedText> {
  const notices = [...before];
  let text = decoded;
  if (text.includes('\r')) {
    let ends = 0;
    text = text.replace(/\r\n?/g, () => {
      ends++;
      return '\n';
    });
    notices.push(
      dataErrors
        .lineEndings({
          ...at(where),
          message: `${ends} Windows or old Macintosh line ends were changed to LF.`,
          data: { count: ends },
        })
        .toJSON(),
    );
  }
  if (!/\S/.test(text)) {
    return err(dataErrors.empty({ ...at(where), message: 'The file holds nothing but white space.' }));
  }
  const controls = countControls(text);
  const share = controls / text.length;
  if (share > CONTROL_SHARE || text.includes('\0')) {
    const percent = Math.max(1, Math.round(share * 100));
    return err(
      dataErrors.binary({
        ...at(where),
        message: `The file is not text: ${percent}% of it are control characters.`,
      }),
    );
  }
  if (controls > 0) {
    const message = `The text holds ${controls} control characters, which the model will learn like letters.`;
    notices.push(dataErrors.controlCharacters({ ...at(where), message, data: { count: controls } }).toJSON());
  }
  return ok({ text, notices });
}

/** Control characters other than tab, line feed and form feed. */
function countControls(text: string): number {
  let count = 0;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (
      unit < 0x20 ? unit !== 9 && unit !== 10 && unit !== 12 : unit >= 0x7f && unit < 0xa0 && unit !== 0x85
    ) {
      count++;
    }
  }
  return count;
}

function at(where: string | undefined): { readonly where?: string } {
  return where === undefined ? {} : { where };
}

function megabytes(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(bytes < 10 * 2 ** 20 || bytes % 2 ** 20 !== 0 ? 1 : 0);
}
