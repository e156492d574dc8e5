import { createContext, useContext } from 'react';
import type { Clock } from '../../base/clock.ts';
import type { Documents } from '../../collab/documents.ts';
import type { ProjectFiles } from '../../domain/artifacts/ports.ts';
import type { RunId } from '../../domain/runs/events.ts';
import type { Progress, TimingStore, Trainer } from '../../domain/runs/ports.ts';
import type { Client } from '../../sdk/client.ts';
import type { ArtifactSync } from '../../services/artifacts/sync.ts';
import type { ArtifactService } from '../../services/data/artifacts.ts';
import type { ModelService } from '../../services/models/models.ts';
import type { ReviewService } from '../../services/review/review.ts';
import type { RunService } from '../../services/runs/runs.ts';
import type { Started, StartRequest } from '../../services/runs/start.ts';
import type { StorageService } from '../../services/storage.ts';
import type { Preparing } from '../shared/preparing.ts';
import type { DeviceMonitor } from './device-monitor.ts';
import type { ProfileStore } from './profile.ts';
import type { SessionMonitor } from './session.ts';
import type { DataClient, PreflightClient } from './workers.ts';

/**
 * What screens may ask for. The composition root (compose.ts) makes it; screens take it from the
 * context and construct nothing themselves, so that a test can hand in its own.
 */
export interface Services {
  readonly clock: Clock;
  readonly runs: RunService;
  readonly training: TrainingService;
  readonly models: ModelService;
  readonly artifacts: ArtifactService;
  /** What is where, and the background sync of it. */
  readonly artifactSync: ArtifactSync;
  readonly trainer: Trainer;
  /** The shared map of a project's document: path -> artifact. */
  readonly files: (project: string) => Promise<ProjectFiles>;
  /** The shared texts, and the project's own document. */
  readonly documents: Documents;
  /** Comments, suggestions and versions of the shared texts. */
  readonly review: ReviewService;
  readonly profile: ProfileStore;
  /** Who is signed in. */
  readonly session: SessionMonitor;
  /** Pre-flight, completion and hover, in their worker. */
  readonly preflight: PreflightClient;
  /** Takes in texts and looks at them, in their worker. */
  readonly texts: DataClient;
  readonly server: Client;
  readonly device: DeviceMonitor;
  readonly timings: TimingStore;
  readonly storage: StorageService;
}

/** Starting and resuming, bound to this browser; errors as startRun and resumeRun say. */
export interface TrainingService {
  /** What a run does before its first step, as far as this tab knows. */
  readonly preparing: Preparing;
  start(request: StartRequest, onProgress?: (progress: Progress) => void): Promise<Started>;
  resume(run: RunId, onProgress?: (progress: Progress) => void): Promise<Started>;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error('Services are used outside of the app.');
  return services;
}
