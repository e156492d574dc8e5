import { createContext, useContext } from 'react';
import type { Clock } from '../../base/clock.ts';
import type { ProjectFiles } from '../../domain/artifacts/ports.ts';
import type { Progress, Trainer } from '../../domain/runs/ports.ts';
import type { RunId } from '../../domain/runs/events.ts';
import type { ArtifactService } from '../../services/data/artifacts.ts';
import type { ModelService } from '../../services/models/models.ts';
import type { RunService } from '../../services/runs/runs.ts';
import type { Started, StartRequest } from '../../services/runs/start.ts';

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
  readonly trainer: Trainer;
  /** The shared map of a project's document: path -> artifact. */
  readonly files: (project: string) => Promise<ProjectFiles>;
}

/** Starting and resuming, bound to this browser; errors as startRun and resumeRun say. */
export interface TrainingService {
  start(request: StartRequest, onProgress?: (progress: Progress) => void): Promise<Started>;
  resume(run: RunId, onProgress?: (progress: Progress) => void): Promise<Started>;
}

export const ServicesContext = createContext<Services | null>(null);

export function useServices(): Services {
  const services = useContext(ServicesContext);
  if (services === null) throw new Error('Services are used outside of the app.');
  return services;
}
