import type { ArtifactStore, StoredArtifact } from '../../domain/artifacts/ports.ts';
import { preflight } from '../../domain/preflight/preflight.ts';
import { NO_PROFILES } from '../../domain/preflight/report.ts';
import type { Device, DeviceName } from '../../engine/device.ts';
import { createReferenceDevice } from '../../engine/devices/reference/device.ts';
import { deviceErrors } from '../../engine/errors.ts';
import { hasher } from '../../storage/hasher.ts';
import { createMemoryArtifactStore } from '../../storage/memory/artifacts.ts';
import { createMemoryCheckpointStore } from '../../storage/memory/checkpoint-store.ts';
import { createMemoryMetricStore } from '../../storage/memory/metrics.ts';
import { createMemoryProjectFiles } from '../../storage/memory/project-files.ts';
import { createMemoryRecordingStore } from '../../storage/memory/recordings.ts';
import { createMemoryRunStore } from '../../storage/memory/runs.ts';
import {
  createMemoryLocks,
  createMemorySettings,
  createMemoryTimings,
} from '../../storage/memory/settings.ts';
import { createArtifactService, once } from '../data/artifacts.ts';
import type { RunDeps } from '../runs/deps.ts';
import type { TrainerDeps } from '../training/deps.ts';
import type { DeviceSource } from '../training/devices.ts';
import { createTrainer } from '../training/trainer.ts';
import { CONFIG, TEXT } from './texts.ts';

/** Everything in memory, on the reference device; the stores outlive a trainer, as they do a killed tab. */
export function createWorld(
  devices: readonly { readonly name: DeviceName; open(): Promise<Device> }[] = REFERENCE,
) {
  const artifacts = createMemoryArtifactStore(hasher);
  const stores = {
    runs: createMemoryRunStore(),
    metrics: createMemoryMetricStore(),
    recordings: createMemoryRecordingStore(),
    checkpoints: createMemoryCheckpointStore(),
    artifacts,
    settings: createMemorySettings(),
    timings: createMemoryTimings(),
  };
  const files = createMemoryProjectFiles();
  const source: DeviceSource = {
    async open(choice, except = new Set()) {
      const factory = devices.find(({ name }) => (choice === 'auto' || choice === name) && !except.has(name));
      if (factory === undefined) throw deviceErrors.unavailable();
      const opened = await factory.open();
      return { opened, device: opened.info, reason: 'the first there is', tried: [] };
    },
  };
  const boot = (
    overrides: Partial<TrainerDeps> = {},
  ): RunDeps & Pick<TrainerDeps, 'breathe'> & { readonly store: ArtifactStore } => {
    const locks = createMemoryLocks();
    const clock = { now: () => Date.now(), elapsed: () => performance.now() };
    const deps: TrainerDeps = {
      ...stores,
      hasher,
      locks,
      clock,
      devices: source,
      breathe: () => new Promise((resolve) => setTimeout(resolve)),
      stories: async () => TEXT,
      ...overrides,
    };
    return {
      ...deps,
      store: artifacts,
      artifacts: createArtifactService(artifacts, null),
      files: async () => files,
      trainer: createTrainer(deps),
      check: async (text) => preflight(text, NO_PROFILES).diagnostics,
      random: () => Math.floor(Math.random() * 2 ** 32),
    };
  };
  const addText = async (path = 'text.txt', text = TEXT): Promise<StoredArtifact> => {
    const artifact = await artifacts.put(once(new TextEncoder().encode(text)));
    files.set(path, artifact);
    return artifact;
  };
  return { ...stores, files, boot, addText };
}

export const START = {
  project: 'sample',
  path: 'anneal.yaml',
  text: CONFIG,
  version: null,
  editedBy: ['Ada'],
} as const;

const REFERENCE = [{ name: 'reference' as const, open: async () => createReferenceDevice() }];
