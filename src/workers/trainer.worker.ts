import wasm from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm.wasm?url';
import simd from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-simd.wasm?url';
import threaded from '@tensorflow/tfjs-backend-wasm/dist/tfjs-backend-wasm-threaded-simd.wasm?url';
import { config } from 'zod';
import { generateStories } from '../domain/data/stories/corpus.ts';
import { browserDeviceFactories } from '../engine/devices/browser.ts';
import { DeviceChooser } from '../engine/devices/probe.ts';
import { trainerCalls } from '../protocol/trainer.ts';
import { trainerHandlers } from '../services/training/handlers.ts';
import { createTrainer } from '../services/training/trainer.ts';
import { openDatabase } from '../storage/dexie/database.ts';
import { createDexieMetricStore } from '../storage/dexie/metrics.ts';
import { createDexieRecordingStore } from '../storage/dexie/recordings.ts';
import { createDexieRunStore } from '../storage/dexie/runs.ts';
import { createDexieSettings, createDexieTimings } from '../storage/dexie/settings.ts';
import { hasher } from '../storage/hasher.ts';
import { createOpfsArtifactStore } from '../storage/opfs/artifacts.ts';
import { createOpfsCheckpointStore } from '../storage/opfs/checkpoint-store.ts';
import { createWebLocks } from '../storage/web-locks.ts';
import { createBreathe, timer } from './breathe.ts';
import { serve } from './channel.ts';

// Owns the device and trains; writes what happens to the stores itself, so that a closing tab loses nothing.

// zod would otherwise try `new Function`, which the content security policy reports.
config({ jitless: true });

const wasmPaths = {
  'tfjs-backend-wasm.wasm': wasm,
  'tfjs-backend-wasm-simd.wasm': simd,
  'tfjs-backend-wasm-threaded-simd.wasm': threaded,
};
const clock = { now: () => Date.now(), elapsed: () => performance.now() };
const database = openDatabase();
const locks = createWebLocks(navigator.locks);
const breathe = createBreathe();
const trainer = createTrainer({
  devices: new DeviceChooser({ factories: browserDeviceFactories({ wasmPaths }), clock, timer }),
  runs: createDexieRunStore(database),
  metrics: createDexieMetricStore(database),
  recordings: createDexieRecordingStore(database),
  checkpoints: createOpfsCheckpointStore(),
  artifacts: createOpfsArtifactStore(() => navigator.storage.getDirectory(), hasher, locks),
  settings: createDexieSettings(database),
  timings: createDexieTimings(database),
  locks,
  stories: (onProgress) => generateStories({ onProgress, pause: breathe }),
  hasher,
  clock,
  breathe,
});
serve(self as unknown as Parameters<typeof serve>[0], trainerCalls, trainerHandlers(trainer));
