import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { DataKey } from './envelope.ts';
import { KEY_ID_BYTES } from './key-ring.ts';

/**
 * magic (9) | version (1) | id of the key (8) | salt (16) | counter (6) | sealed bytes | tag (16)
 *
 * The magic is a whole number that Yjs cannot read, so that no update begins with it. A process seals with a key
 * of its own, derived from the workspace's by the salt, and counts: no nonce comes twice, however much is written.
 */
const MAGIC = Buffer.alloc(9, 0xff);
const VERSION = 1;
const SALT_BYTES = 16;
const COUNTER_BYTES = 6;
const TAG_BYTES = 16;
const ID_AT = MAGIC.length + 1;
const SALT_AT = ID_AT + KEY_ID_BYTES;
const COUNTER_AT = SALT_AT + SALT_BYTES;
export const HEAD_BYTES = COUNTER_AT + COUNTER_BYTES;
const MAX_DERIVED = 1_000;

/** Where sealed bytes belong: elsewhere they do not open. */
export interface RowPlace {
  readonly kind: 'log' | 'snapshot' | 'version';
  readonly project: string;
}

export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.equals(bytes.subarray(0, MAGIC.length));
}

/** Hexadecimal id of the key that the bytes were sealed with; null where this version did not seal them. */
export function sealingKeyOf(bytes: Uint8Array): string | null {
  if (!isSealed(bytes) || bytes[MAGIC.length] !== VERSION || bytes.length < HEAD_BYTES + TAG_BYTES)
    return null;
  return Buffer.from(bytes.subarray(ID_AT, SALT_AT)).toString('hex');
}

export function deriveKey(key: Buffer, salt: Uint8Array, what: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, salt, `anneal ${what} 1`, 32));
}

/** Seals and opens the rows of one key. */
export class RowSeal {
  readonly key: DataKey;
  readonly #salt = randomBytes(SALT_BYTES);
  readonly #own: Buffer;
  readonly #derived = new Map<string, Buffer>();
  #counter = 0;

  constructor(key: DataKey) {
    this.key = key;
    this.#own = deriveKey(key.bytes, this.#salt, 'row');
  }

  /** In memory of its own: what goes to another thread is copied with all that lies around it. */
  seal(place: RowPlace, bytes: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(HEAD_BYTES + bytes.length + TAG_BYTES);
    const head = Buffer.from(sealed.buffer, 0, HEAD_BYTES);
    MAGIC.copy(head);
    head.writeUInt8(VERSION, MAGIC.length);
    head.write(this.key.id, ID_AT, 'hex');
    this.#salt.copy(head, SALT_AT);
    head.writeUIntBE(++this.#counter, COUNTER_AT, COUNTER_BYTES);
    const cipher = createCipheriv('aes-256-gcm', this.#own, nonceOf(head));
    cipher.setAAD(aadOf(head, place));
    sealed.set(cipher.update(bytes), HEAD_BYTES);
    cipher.final(); // of a stream cipher nothing is left over
    sealed.set(cipher.getAuthTag(), HEAD_BYTES + bytes.length);
    return sealed;
  }

  /** Null where the bytes were changed, or belong elsewhere. */
  open(place: RowPlace, sealed: Uint8Array): Uint8Array | null {
    const head = Buffer.from(sealed.subarray(0, HEAD_BYTES));
    const key = this.#keyFor(head.subarray(SALT_AT, COUNTER_AT));
    const decipher = createDecipheriv('aes-256-gcm', key, nonceOf(head), { authTagLength: TAG_BYTES });
    decipher.setAAD(aadOf(head, place));
    decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
    const bytes = new Uint8Array(decipher.update(sealed.subarray(HEAD_BYTES, -TAG_BYTES)));
    try {
      decipher.final();
      return bytes;
    } catch {
      return null;
    }
  }

  #keyFor(salt: Buffer): Buffer {
    const name = salt.toString('hex');
    const known = this.#derived.get(name);
    if (known !== undefined) return known;
    if (this.#derived.size >= MAX_DERIVED) this.#derived.clear();
    const key = deriveKey(this.key.bytes, salt, 'row');
    this.#derived.set(name, key);
    return key;
  }
}

function nonceOf(head: Buffer): Buffer {
  const nonce = Buffer.alloc(12);
  head.copy(nonce, 12 - COUNTER_BYTES, COUNTER_AT);
  return nonce;
}

function aadOf(head: Buffer, { kind, project }: RowPlace): Buffer {
  return Buffer.concat([head, Buffer.from(`${kind}\n${project}`)]);
}
