import { expect, test } from 'vitest';
import { hasher } from '../../storage/hasher.ts';
import { createMemoryArtifactStore } from '../../storage/memory/artifacts.ts';
import { fakeRemote } from '../testing/fake-remote.ts';
import { collect, createArtifactService, once } from './artifacts.ts';

const bytes = (text: string) => new TextEncoder().encode(text);

test('what one adds, the other fetches, with progress, once', async () => {
  const remote = fakeRemote();
  const ada = createArtifactService(createMemoryArtifactStore(hasher), remote);
  const bob = createArtifactService(createMemoryArtifactStore(hasher), remote);
  const { artifact, shared } = await ada.add(once(bytes('a text')));
  expect(await shared).toBe(true);
  expect(await bob.has(artifact.sha256)).toBe(false);
  const seen: number[] = [];
  await Promise.all([
    bob.ensure(artifact.sha256, ({ done }) => seen.push(done)),
    bob.ensure(artifact.sha256),
  ]);
  expect([remote.downloads, seen]).toEqual([1, [6]]);
  expect(await collect(await bob.open(artifact.sha256))).toEqual(bytes('a text'));
});

test('what was added offline is sent later; what nobody has is said to be missing', async () => {
  const remote = fakeRemote();
  remote.online = false;
  const ada = createArtifactService(createMemoryArtifactStore(hasher), remote);
  const { artifact, shared } = await ada.add(once(bytes('offline')));
  expect(await shared).toBe(false);
  remote.online = true;
  expect(await ada.share([artifact.sha256, artifact.sha256])).toBe(1);
  expect(await ada.share([artifact.sha256])).toBe(0);
  await expect(ada.ensure('0'.repeat(64))).rejects.toMatchObject({ code: 'ANN-RUN-006' });
  const alone = createArtifactService(createMemoryArtifactStore(hasher), null);
  await expect(alone.open(artifact.sha256)).rejects.toMatchObject({ code: 'ANN-RUN-006' });
});
