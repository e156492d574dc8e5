import { config } from 'zod';
import { generateStories } from '../domain/data/stories/corpus.ts';
import { dataCalls } from '../protocol/data.ts';
import { inspectKept, takeText } from '../services/data/texts.ts';
import { locateData } from '../services/training/data.ts';
import { openDatabase } from '../storage/dexie/database.ts';
import { createDexieSettings } from '../storage/dexie/settings.ts';
import { hasher } from '../storage/hasher.ts';
import { createOpfsArtifactStore } from '../storage/opfs/artifacts.ts';
import { createWebLocks } from '../storage/web-locks.ts';
import { serve } from './channel.ts';

// Takes in texts and looks at them, off the main thread and beside the trainer. See src/protocol/data.ts.

// zod would otherwise try `new Function`, which the content security policy reports.
config({ jitless: true });

const artifacts = createOpfsArtifactStore(
  () => navigator.storage.getDirectory(),
  hasher,
  createWebLocks(navigator.locks),
);
const breathe = (): Promise<void> => new Promise((resolve) => setTimeout(resolve));
const deps = {
  artifacts,
  settings: createDexieSettings(openDatabase()),
  hasher,
  breathe,
  stories: (onProgress: (done: number) => void) => generateStories({ onProgress, pause: breathe }),
};

serve(self as unknown as Parameters<typeof serve>[0], dataCalls, {
  take: ({ name, bytes }) => takeText(artifacts, name, bytes),
  inspect: ({ name, sha256 }) => inspectKept(artifacts, name, sha256),
  async stories(_, { emit }) {
    const sha256 = await locateData(deps, { source: 'stories', sha256: null }, (progress) => emit(progress));
    return await inspectKept(artifacts, 'stories', sha256);
  },
});
