import type { ProjectFiles } from '../../domain/artifacts/ports.ts';
import type { RunId } from '../../domain/runs/events.ts';
import type { Progress, Trainer } from '../../domain/runs/ports.ts';
import type { ArtifactService } from '../../services/data/artifacts.ts';
import type { ModelService } from '../../services/models/models.ts';
import type { RunService } from '../../services/runs/runs.ts';
import type { Started, StartRequest } from '../../services/runs/start.ts';

/** The part of the services that trains, keeps runs, data and models; made by compose-training.ts. */
export interface TrainingServices {
  readonly runs: RunService;
  readonly training: Training;
  readonly models: ModelService;
  readonly artifacts: ArtifactService;
  readonly trainer: Trainer;
  /** The shared map of a project's document: path -> artifact. */
  readonly files: (project: string) => Promise<ProjectFiles>;
}

/** Starting and resuming, bound to this browser; errors as startRun and resumeRun say. */
export interface Training {
  start(request: StartRequest, onProgress?: (progress: Progress) => void): Promise<Started>;
  resume(run: RunId, onProgress?: (progress: Progress) => void): Promise<Started>;
}
