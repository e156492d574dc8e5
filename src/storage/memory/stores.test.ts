import { describe } from 'vitest';
import { hasher } from '../hasher.ts';
import { artifactStoreSuite } from '../testing/artifact-stores.ts';
import {
  locksSuite,
  metricStoreSuite,
  recordingStoreSuite,
  runStoreSuite,
  settingsSuite,
  sharedSettingsSuite,
} from '../testing/run-stores.ts';
import { createMemoryArtifactStore } from './artifacts.ts';
import { createMemoryMetricStore } from './metrics.ts';
import { createMemoryRecordingStore } from './recordings.ts';
import { createMemoryRunStore } from './runs.ts';
import { createMemoryLocks, createMemorySettings, createMemoryTimings } from './settings.ts';

const same = <T>(store: T) => ({ store, reopen: async () => store });

describe('runs', () => runStoreSuite(async () => same(createMemoryRunStore())));
describe('metrics', () => metricStoreSuite(async () => same(createMemoryMetricStore())));
describe('recordings', () => recordingStoreSuite(async () => same(createMemoryRecordingStore())));
describe('artifacts', () => artifactStoreSuite(async () => same(createMemoryArtifactStore(hasher))));
describe('settings', () =>
  settingsSuite(async () => ({ settings: createMemorySettings(), timings: createMemoryTimings() })));
describe('shared settings', () =>
  sharedSettingsSuite(async () => {
    const settings = createMemorySettings();
    return [settings, settings];
  }));
describe('locks', () =>
  locksSuite(async () => {
    const locks = createMemoryLocks();
    return [locks, locks];
  }));
