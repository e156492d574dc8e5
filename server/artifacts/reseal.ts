import type { Store } from '../store/store.ts';
import type { ArtifactStore } from './artifact-store.ts';
import { type SealedBlobs, spaceOf } from './sealed-blobs.ts';

/**
 * Seals with the current key of each workspace what lies unsealed from before the vault, or is sealed with an
 * older key; then removes what is unsealed. Goes on where it stopped. Resolves with how many blobs it sealed.
 */
export async function resealArtifacts(
  store: Store,
  artifacts: ArtifactStore,
  blobs: SealedBlobs,
  stopped: () => boolean,
): Promise<number> {
  let sealed = 0;
  for (const workspace of await store.call('artifactWorkspaces', null)) {
    for (const { sha256, bytes } of await store.call('blobsOf', workspace)) {
      if (stopped()) return sealed;
      const name = `${workspace}/${sha256}`;
      const there = (await blobs.stat(name)) !== null;
      if (there ? await blobs.isCurrent(name) : (await blobs.stat(sha256)) === null) continue;
      await artifacts.gate.adding(() => blobs.put(name, bytes, () => blobs.read(there ? name : sha256)));
      sealed++;
    }
  }
  await removeUnsealed(store, artifacts, blobs, stopped);
  return sealed;
}

async function removeUnsealed(
  store: Store,
  artifacts: ArtifactStore,
  blobs: SealedBlobs,
  stopped: () => boolean,
): Promise<void> {
  for await (const { name } of blobs.list()) {
    if (stopped()) return;
    if (spaceOf(name) !== null) continue;
    await artifacts.gate.alone(async () => {
      const needed = await store.call('neededBlobs', [name]);
      const copies = await Promise.all(
        needed.map(async ({ workspace }) => (await blobs.stat(`${workspace}/${name}`)) !== null),
      );
      if (needed.length > 0 && copies.every(Boolean)) await blobs.remove(name);
    });
  }
}
