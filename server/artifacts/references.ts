import type { Store } from '../store/store.ts';

/**
 * Every hash that some document names, in whatever state: the bytes are searched as they are. A file that was
 * deleted and can be restored, a text that quotes a hash, a project that is in the bin: all of them keep what
 * they name. What is no reference at all may be kept too; nothing that is one is missed.
 */
export async function referencedHashes(store: Store): Promise<Set<string>> {
  const found = new Set(await store.call('heldArtifacts', null));
  for (const sha256 of await store.call('versionArtifacts', null)) found.add(sha256);
  for (const name of await store.call('allDocuments', null)) {
    const { snapshot, updates } = await store.call('loadDocument', name);
    for (const bytes of snapshot === null ? updates : [snapshot, ...updates]) addHashes(bytes, found);
  }
  return found;
}

/** Also those that overlap, as in a longer run of digits. */
export function addHashes(bytes: Uint8Array, into: Set<string>): void {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1');
  for (const run of text.match(/[0-9a-f]{64,}/g) ?? []) {
    for (let at = 0; at + 64 <= run.length; at++) into.add(run.slice(at, at + 64));
  }
}
