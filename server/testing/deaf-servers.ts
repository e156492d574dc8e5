import { expect, onTestFinished } from 'vitest';
import type { Files } from '../projects/files.ts';
import { ReviewDocuments } from '../review/review-documents.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { defaultSyncLimits } from '../sync/limits.ts';
import { noMetrics } from '../sync/metrics.ts';
import { Rooms } from '../sync/rooms.ts';
import { temporaryFolder } from './fixture.ts';
import { MemoryHub } from './memory-fanout.ts';

export interface DeafServer {
  readonly rooms: Rooms;
  readonly documents: ReviewDocuments;
}

/** Every text is there. */
export const anyFiles = {
  checkText: async () => undefined,
  artifactsNamedIn: async () => [],
} as unknown as Files;

/** Two servers over one database with a project `p`, which never hear of one another. */
export async function deafServers(): Promise<{
  readonly store: Store;
  readonly first: DeafServer;
  readonly second: DeafServer;
}> {
  const store = await SqliteStore.open(await temporaryFolder());
  onTestFinished(() => store.close());
  await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  const hub = new MemoryHub();
  hub.reach = () => false;
  const limits = { ...defaultSyncLimits, catchUpMs: 3_600_000 };
  const [first, second] = await Promise.all(
    [1, 2].map(async (id) => {
      const rooms = new Rooms(store, limits, noMetrics, hub.server(id));
      await rooms.open();
      onTestFinished(() => rooms.close());
      return { rooms, documents: new ReviewDocuments(rooms, anyFiles) };
    }),
  );
  if (first === undefined || second === undefined) return expect.fail('two servers');
  return { store, first, second };
}
