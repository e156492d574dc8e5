import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

const NONCE_BYTES = 12;
const KEY_BYTES = 32;
const TAG_BYTES = 16;

/** A key of a workspace, out of its envelope. */
export interface DataKey {
  readonly id: string;
  readonly workspace: string;
  readonly bytes: Buffer;
  /** Since it exists nothing of the workspace is stored as it is: what is not sealed was put there by somebody else. */
  readonly strict: boolean;
}

/** The envelope belongs to one id and workspace: put under another it does not open. */
function placeOf({ id, workspace }: Pick<DataKey, 'id' | 'workspace'>): Buffer {
  return Buffer.from(`anneal key 1\n${id}\n${workspace}`);
}

export function wrap(key: DataKey, master: Buffer): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', master, nonce);
  cipher.setAAD(placeOf(key));
  const content = Buffer.concat([key.bytes, Buffer.from([key.strict ? 1 : 0])]);
  return Buffer.concat([nonce, cipher.update(content), cipher.final(), cipher.getAuthTag()]);
}

/** Null where it was wrapped with another master key, or changed. */
export function unwrap(
  place: Pick<DataKey, 'id' | 'workspace'>,
  wrapped: Uint8Array,
  master: Buffer,
): DataKey | null {
  if (wrapped.length !== NONCE_BYTES + KEY_BYTES + 1 + TAG_BYTES) return null;
  const decipher = createDecipheriv('aes-256-gcm', master, wrapped.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(placeOf(place));
  decipher.setAuthTag(wrapped.subarray(-TAG_BYTES));
  try {
    const content = Buffer.concat([
      decipher.update(wrapped.subarray(NONCE_BYTES, -TAG_BYTES)),
      decipher.final(),
    ]);
    return { ...place, bytes: content.subarray(0, KEY_BYTES), strict: content[KEY_BYTES] === 1 };
  } catch {
    return null;
  }
}
