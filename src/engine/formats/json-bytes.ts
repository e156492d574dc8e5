import { formatErrors } from './errors.ts';

/**
 * JSON read from bytes, strictly (RFC 8259), with the byte position of every value and no duplicate
 * keys. JSON.parse keeps the last of two equal keys silently, which a safetensors reader must not.
 */
export type JsonNode = { readonly at: number } & (
  | { readonly kind: 'object'; readonly entries: ReadonlyMap<string, JsonNode> }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  | { readonly kind: 'string'; readonly value: string }
  /** As written: whoever needs an integer beyond 2^53 can still see that it is one. */
  | { readonly kind: 'number'; readonly text: string }
  | { readonly kind: 'literal'; readonly value: boolean | null }
);

const MAX_DEPTH = 32;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** Throws ANN-FMT-003 and 004 with `data.position`, counted from the start of `bytes` plus `origin`. */
export function parseJsonBytes(bytes: Uint8Array, origin = 0): JsonNode {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let at = 0;

  function fail(message: string, position = at): never {
    throw formatErrors.badJson({
      message: `The header is not valid JSON at byte ${origin + position}: ${message}.`,
      where: `byte ${origin + position}`,
      data: { position: origin + position },
    });
  }

  function skipSpace(): void {
    for (;;) {
      const c = bytes[at];
      if (c !== 0x20 && c !== 0x0a && c !== 0x0d && c !== 0x09) return;
      at++;
    }
  }

  function string(): string {
    const start = at;
    at++;
    for (;;) {
      const c = bytes[at];
      if (c === undefined) fail('a string does not end', start);
      if (c === QUOTE) break;
      if (c < 0x20) fail('a control character in a string');
      at += c === BACKSLASH ? 2 : 1;
    }
    at++;
    try {
      const value: unknown = JSON.parse(decoder.decode(bytes.subarray(start, at)));
      if (typeof value === 'string' && value.isWellFormed()) return value;
    } catch {
      // Not UTF-8, or an escape that does not exist: reported below like a lone surrogate.
    }
    return fail('a string that is not valid UTF-8 or has a bad escape', start);
  }

  function word(): JsonNode {
    const start = at;
    while (at < bytes.length && /[-+.0-9A-Za-z]/.test(String.fromCharCode(bytes[at] ?? 0))) at++;
    const text = String.fromCharCode(...bytes.subarray(start, Math.min(at, start + 400)));
    if (text === 'true' || text === 'false') return { at: start, kind: 'literal', value: text === 'true' };
    if (text === 'null') return { at: start, kind: 'literal', value: null };
    if (at - start < 400 && /^-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/.test(text)) {
      return { at: start, kind: 'number', text };
    }
    return fail(bytes[start] === undefined ? 'the text ends too early' : 'a value was expected', start);
  }

  function object(depth: number): JsonNode {
    const start = at;
    const entries = new Map<string, JsonNode>();
    at++;
    skipSpace();
    if (bytes[at] === 0x7d) at++;
    else {
      for (;;) {
        skipSpace();
        if (bytes[at] !== QUOTE) fail('a name in quotes was expected');
        const keyAt = at;
        const key = string();
        if (entries.has(key)) {
          throw formatErrors.duplicateKey({
            message: `The name ${JSON.stringify(key)} occurs twice, again at byte ${origin + keyAt}.`,
            where: `byte ${origin + keyAt}`,
            data: { position: origin + keyAt, name: key },
          });
        }
        skipSpace();
        if (bytes[at] !== 0x3a) fail('a colon was expected');
        at++;
        entries.set(key, value(depth + 1));
        skipSpace();
        const c = bytes[at++];
        if (c === 0x7d) break;
        if (c !== 0x2c) fail('a comma or } was expected', at - 1);
      }
    }
    return { at: start, kind: 'object', entries };
  }

  function array(depth: number): JsonNode {
    const start = at;
    const items: JsonNode[] = [];
    at++;
    skipSpace();
    if (bytes[at] === 0x5d) at++;
    else {
      for (;;) {
        items.push(value(depth + 1));
        skipSpace();
        const c = bytes[at++];
        if (c === 0x5d) break;
        if (c !== 0x2c) fail('a comma or ] was expected', at - 1);
      }
    }
    return { at: start, kind: 'array', items };
  }

  function value(depth: number): JsonNode {
    if (depth > MAX_DEPTH) fail('values nested too deeply');
    skipSpace();
    const start = at;
    switch (bytes[at]) {
      case 0x7b:
        return object(depth);
      case 0x5b:
        return array(depth);
      case QUOTE:
        return { at: start, kind: 'string', value: string() };
      default:
        return word();
    }
  }

  const root = value(0);
  skipSpace();
  if (at < bytes.length) fail('something follows the end of the JSON');
  return root;
}
