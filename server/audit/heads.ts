import { createPublicKey, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import type { ChainEnd } from './chain.ts';

/** The chain as it was when its end was signed; `restored`: when an older state of it was put back on purpose. */
export interface Head extends ChainEnd {
  /** 1, 2, 3, ...: a line that was taken out is missed. */
  readonly number: number;
  readonly kind: 'head' | 'restored';
  /** Milliseconds since 1970 UTC. */
  readonly at: number;
}

const lineSchema = z.object({
  number: z.number().int().positive(),
  kind: z.enum(['head', 'restored']),
  seq: z.number().int().nonnegative(),
  hash: z.string().regex(/^[0-9a-f]{64}$/),
  at: z.number().int(),
  signature: z.string(),
});

function signedText({ number, kind, seq, hash, at }: Head): Buffer {
  return Buffer.from(`anneal audit head 1\n${number}\n${kind}\n${seq}\n${hash}\n${at}\n`);
}

/** A line of the file of heads, with its end. */
export function headLine(head: Head, key: KeyObject): string {
  const signature = sign(null, signedText(head), key).toString('base64');
  const { number, kind, seq, hash, at } = head;
  return `${JSON.stringify({ number, kind, seq, hash, at, signature })}\n`;
}

export interface ReadHeads {
  readonly heads: readonly Head[];
  /** What is wrong with the file itself, in words. */
  readonly faults: readonly string[];
}

/**
 * A line that a power cut tore is no fault, as the next one has its number; a line that reads well and was not
 * signed with the key is one, and so is a number that is missing.
 */
export function readHeads(text: string, key: KeyObject): ReadHeads {
  const publicKey = key.type === 'private' ? createPublicKey(key) : key;
  const heads: Head[] = [];
  const faults: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const parsed = lineSchema.safeParse(parseJson(line));
    if (!parsed.success) continue;
    const { signature, ...head } = parsed.data;
    if (!verify(null, signedText(head), publicKey, Buffer.from(signature, 'base64'))) {
      faults.push(`Line ${index + 1} of the signed heads was not signed with this key`);
      continue;
    }
    const expected = (heads.at(-1)?.number ?? 0) + 1;
    if (head.number !== expected) {
      faults.push(
        `Line ${index + 1} of the signed heads is number ${head.number} where ${expected} would follow`,
      );
    }
    heads.push(head);
  }
  return { heads, faults };
}

/** The last line that this key signed; null where there is none. */
export function lastHead(text: string, privateKey: KeyObject): Head | null {
  const key = createPublicKey(privateKey);
  for (const line of text.split('\n').reverse()) {
    const parsed = lineSchema.safeParse(parseJson(line));
    if (!parsed.success) continue;
    const { signature, ...head } = parsed.data;
    if (verify(null, signedText(head), key, Buffer.from(signature, 'base64'))) return head;
  }
  return null;
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
