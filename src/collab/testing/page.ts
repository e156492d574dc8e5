import { onTestFinished, vi } from 'vitest';
import type { DocumentStore } from '../../domain/documents/ports.ts';
import { createMemoryLocks } from '../../storage/memory/settings.ts';
import { createDocuments, type Documents } from '../documents.ts';
import type { FakeServer } from './fake-server.ts';

/** A loaded machine takes its time. */
export const until = (holds: () => boolean | Promise<boolean>): Promise<unknown> =>
  vi.waitUntil(holds, { timeout: 20_000 });

/** Pages that are opened from now on reach this server. Where there is no browser nobody hears that a page goes. */
export function reaching({ socket }: FakeServer): void {
  vi.stubGlobal('WebSocket', socket);
  for (const name of ['addEventListener', 'removeEventListener']) vi.stubGlobal(name, () => undefined);
  onTestFinished(() => void vi.unstubAllGlobals());
}

/** The documents of a page of the browser that keeps this. */
export function pageOf(
  store: DocumentStore,
  differs: Partial<Parameters<typeof createDocuments>[0]> = {},
): Documents {
  return createDocuments({
    store,
    server: 'ws://localhost:1',
    profile: { current: () => ({ id: 'ada', name: 'Ada' }), subscribe: () => () => undefined },
    now: Date.now,
    locks: createMemoryLocks(),
    ...differs,
  });
}
