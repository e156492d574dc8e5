import type { ByteStream, Hasher, Sha256 } from '../domain/artifacts/ports.ts';
import { storageErrors } from './errors.ts';

/** The same bytes, with an error at the end when they are not those that the hash names. */
export async function* verified(bytes: ByteStream, sha256: Sha256, hasher: Hasher): ByteStream {
  const hash = await hasher.sha256();
  for await (const piece of bytes) {
    hash.update(piece);
    yield piece;
  }
  refuseOther(hash.digest(), sha256);
}

export function refuseOther(found: Sha256, expected: Sha256 | undefined): void {
  if (expected === undefined || found === expected) return;
  throw storageErrors.damaged({
    message: `These bytes have the hash ${found.slice(0, 12)}…, not ${expected.slice(0, 12)}…`,
    where: expected,
    data: { found, expected },
  });
}
