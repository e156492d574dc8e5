import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { ArtifactStore } from './artifact-store.ts';
import type { BlobName } from './ports.ts';
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
      try {
        if (await reseal(artifacts, blobs, { name: `${workspace}/${sha256}`, plain: sha256, bytes }))
          sealed++;
      } catch (error) {
        if (!isDamage(error)) throw error; // said to whoever asks for it; it keeps nobody from the others
      }
    }
  }
  await removeUnsealed(store, artifacts, blobs, stopped);
  return sealed;
}

/** Nothing is sealed anew that is not right: it would look untouched. Errors: artifactDamaged, sealBroken. */
async function reseal(
  { gate, verified }: ArtifactStore,
  blobs: SealedBlobs,
  { name, plain, bytes }: { readonly name: BlobName; readonly plain: BlobName; readonly bytes: number },
): Promise<boolean> {
  const there = (await blobs.stat(name)) !== null;
  if (there && (await blobs.isCurrent(name))) return false;
  const from = there ? name : plain;
  if ((await verified.check(from)) === null) return false;
  await gate.adding(() => blobs.put(name, bytes, () => blobs.read(from)));
  return true;
}

function isDamage(error: unknown): boolean {
  if (!(error instanceof AnnealError)) return false;
  return error.code === protocolErrors.artifactDamaged.code || error.code === serverErrors.sealBroken.code;
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
