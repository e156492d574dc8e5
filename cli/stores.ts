import { randomInt } from 'node:crypto';
import { join } from 'node:path';
import { generateStories } from '../src/domain/data/stories/corpus.ts';
import { preflight } from '../src/domain/preflight/preflight.ts';
import { NO_PROFILES } from '../src/domain/preflight/report.ts';
import { createArtifactService } from '../src/services/data/artifacts.ts';
import type { RunDeps } from '../src/services/runs/deps.ts';
import { createTrainer } from '../src/services/training/trainer.ts';
import { hasher } from '../src/storage/hasher.ts';
import { createMemoryProjectFiles } from '../src/storage/memory/project-files.ts';
import { createMemoryRecordingStore } from '../src/storage/memory/recordings.ts';
import { createNodeArtifactStore } from '../src/storage/node/artifacts.ts';
import { createNodeCheckpointStore } from '../src/storage/node/checkpoint-store.ts';
import { createNodeLocks } from '../src/storage/node/locks.ts';
import { createNodeMetricStore } from '../src/storage/node/metrics.ts';
import { createNodeRunStore } from '../src/storage/node/runs.ts';
import { createNodeSettings, createNodeTimings } from '../src/storage/node/settings.ts';
import { machineSettings } from './cache.ts';
import { nodeDevices } from './devices.ts';

/** Beside the model's own files: what a run needs to go on, and what it said. */
export function workFolder(folder: string): string {
  return join(folder, '.anneal');
}

/** The studio's services over files: all that belongs to the runs of one folder lies in its `.anneal`. */
export function nodeServices(folder: string) {
  const work = workFolder(folder);
  const machine = machineSettings();
  const clock = { now: () => Date.now(), elapsed: () => performance.now() };
  const breathe = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  const store = createNodeArtifactStore(join(work, 'artifacts'), hasher);
  const stores = {
    runs: createNodeRunStore(join(work, 'runs')),
    metrics: createNodeMetricStore(join(work, 'runs')),
    recordings: createMemoryRecordingStore(), // nobody asks for one here: `anneal bench step --profile` prints it
    checkpoints: createNodeCheckpointStore(join(work, 'checkpoints')),
    locks: createNodeLocks(join(work, 'locks')),
    clock,
  };
  const trainer = createTrainer({
    ...stores,
    artifacts: store,
    settings: createNodeSettings(join(work, 'settings.json')),
    timings: createNodeTimings(machine),
    devices: nodeDevices(machine),
    stories: (onProgress) => generateStories({ onProgress, pause: breathe }),
    hasher,
    breathe,
  });
  const files = createMemoryProjectFiles();
  const deps: RunDeps = {
    ...stores,
    trainer,
    artifacts: createArtifactService(store, null),
    files: async () => files,
    check: async (text) => preflight(text, NO_PROFILES).diagnostics,
    random: () => randomInt(2 ** 32),
  };
  return { deps, trainer, store, files };
}
