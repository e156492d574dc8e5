import type { RemoteArtifacts, Sha256 } from '../../domain/artifacts/ports.ts';
import { protocolErrors } from '../../protocol/errors.ts';
import { hasher } from '../../storage/hasher.ts';
import { createMemoryArtifactStore } from '../../storage/memory/artifacts.ts';
import { once } from '../data/artifacts.ts';

export interface FakeRemote extends RemoteArtifacts {
  online: boolean;
  downloads: number;
  uploads: number;
  /** Refuses what is larger, as a quota does. */
  room: number;
  /** Projects that are not there, or not for this person. */
  readonly gone: Set<string>;
  readonly holds: Map<string, readonly Sha256[]>;
}

/** A server that keeps artifacts in memory and can go away. */
export function fakeRemote(): FakeRemote {
  const store = createMemoryArtifactStore(hasher);
  const reach = (): void => {
    if (!remote.online) throw protocolErrors.unreachable();
  };
  const remote: FakeRemote = {
    online: true,
    downloads: 0,
    uploads: 0,
    room: Number.POSITIVE_INFINITY,
    gone: new Set(),
    holds: new Map(),
    async has(sha256, { project } = {}) {
      reach();
      return !remote.gone.has(project ?? '') && (await store.stat(sha256)) !== null;
    },
    async download(sha256) {
      reach();
      remote.downloads++;
      const stream = await store.open(sha256);
      return stream === null ? null : { bytes: (await store.stat(sha256))?.bytes ?? null, stream };
    },
    async upload({ sha256, bytes }, source, { onProgress, project } = {}) {
      reach();
      remote.uploads++;
      if (remote.gone.has(project ?? '')) throw protocolErrors.projectNotFound({ where: project ?? '' });
      if (bytes > remote.room) throw protocolErrors.quotaExceeded({ where: sha256 });
      onProgress?.(bytes);
      await store.put(once(new Uint8Array(await source.arrayBuffer())), sha256);
    },
    async hold(project, holder, hashes) {
      reach();
      remote.holds.set(`${project} ${holder}`, hashes);
    },
  };
  return remote;
}
