import { type BpeModel, END_OF_TEXT } from './bpe-model.ts';
import { byteCharacters, tokenBytes } from './byte-alphabet.ts';
import { tokenizerErrors } from './errors.ts';
import { IdBuffer } from './id-buffer.ts';
import { type Merges, mergeSymbols } from './merge.ts';
import { PairTable } from './pair-table.ts';
import { pretokenize } from './pretokenize.ts';
import type { Tokenizer } from './tokenizer.ts';
import { bpeJson } from './tokenizer-json.ts';

// Longer pieces hardly come again; more of them are not kept, so that memory stays bounded.
const CACHED_LENGTH = 48;
const CACHED_PIECES = 1 << 17;

/**
 * Byte-level BPE: every text has an encoding, and decoding gives it back (unpaired surrogates become
 * U+FFFD). Throws ANN-TOK-003 where vocabulary and merges do not fit together.
 */
export function createBpe({ tokens, merges }: BpeModel): Tokenizer {
  const idOf = new Map(tokens.map((token, id) => [token, id]));
  const eos = idOf.get(END_OF_TEXT) ?? null;
  const byteIds = Int32Array.from(byteCharacters, (character, byte) =>
    need(idOf, character, `the vocabulary lacks byte ${byte}`),
  );
  const bytes = tokens.map((token, id) => (id === eos ? new Uint8Array() : needBytes(token)));
  const table: Merges = { ranks: new PairTable(merges.length), results: new Int32Array(merges.length) };
  merges.forEach(([first, second], rank) => {
    const where = `merge ${rank} (${first} ${second})`;
    const a = need(idOf, first, `${where} joins a token that the vocabulary lacks`);
    const b = need(idOf, second, `${where} joins a token that the vocabulary lacks`);
    table.ranks.set(a, b, rank);
    table.results[rank] = need(idOf, first + second, `${where} makes a token that the vocabulary lacks`);
  });

  const cache = new Map<string, Int32Array>();
  const encoder = new TextEncoder();
  const encodePiece = (piece: string): Int32Array => {
    const utf8 = encoder.encode(piece);
    const symbols = new Int32Array(utf8.length);
    for (let i = 0; i < utf8.length; i++) symbols[i] = byteIds[utf8[i] as number] as number;
    return symbols.slice(0, mergeSymbols(symbols, symbols.length, table));
  };

  const encode = (text: string): { ids: Int32Array; dropped: number } => {
    const whole = text.toWellFormed();
    const ids = new IdBuffer(whole.length >> 1);
    const emit = (start: number, end: number): void => {
      const piece = whole.slice(start, end);
      const known = cache.get(piece);
      const made = known ?? encodePiece(piece);
      ids.append(made);
      if (known !== undefined || piece.length > CACHED_LENGTH) return;
      if (cache.size >= CACHED_PIECES) cache.clear();
      cache.set(piece, made);
    };
    let from = 0;
    while (eos !== null) {
      const at = whole.indexOf(END_OF_TEXT, from);
      if (at < 0) break;
      pretokenize(whole, from, at, emit);
      ids.push(eos);
      from = at + END_OF_TEXT.length;
    }
    pretokenize(whole, from, whole.length, emit);
    return { ids: ids.take(), dropped: 0 };
  };

  const decode = (ids: ArrayLike<number>): string => {
    let length = 0;
    for (let i = 0; i < ids.length; i++) length += bytes[ids[i] as number]?.length ?? 0;
    const all = new Uint8Array(length);
    let at = 0;
    for (let i = 0; i < ids.length; i++) {
      const part = bytes[ids[i] as number];
      if (part === undefined) continue; // no token of ours
      all.set(part, at);
      at += part.length;
    }
    return new TextDecoder('utf-8', { ignoreBOM: true }).decode(all);
  };

  return {
    type: 'bpe',
    vocab_size: tokens.length,
    eos_token_id: eos,
    encode,
    decode,
    toJSON: () => bpeJson({ tokens, merges }),
  };
}

function need(idOf: ReadonlyMap<string, number>, token: string, complaint: string): number {
  const id = idOf.get(token);
  if (id === undefined)
    throw tokenizerErrors.broken({ message: `The tokenizer contradicts itself: ${complaint}.` });
  return id;
}

function needBytes(token: string): Uint8Array {
  const bytes = tokenBytes(token);
  if (bytes === null) {
    throw tokenizerErrors.broken({
      message: `The tokenizer contradicts itself: its token ${JSON.stringify(token)} is not made of bytes.`,
    });
  }
  return bytes;
}
