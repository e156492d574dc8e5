import { createDocuments } from '../../collab/documents.ts';
import { openDocumentStore } from '../../storage/documents/store.ts';
import { createProfileStore } from './profile.ts';
import type { Services } from './services.ts';

/** Makes the adapters and hands them to the services: the studio's one place that does. */
export function composeServices(): Services {
  const clock = { now: () => Date.now(), elapsed: () => performance.now() };
  const profile = createProfileStore(localStorage, Math.random, () => crypto.randomUUID());
  const documents = createDocuments({
    store: openDocumentStore(),
    server: location.origin.replace(/^http/, 'ws'),
    profile,
    now: clock.now,
  });
  return { clock, documents, profile };
}
