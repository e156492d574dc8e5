import type { Clock } from '../../base/clock.ts';
import type { ProjectFiles } from '../../domain/artifacts/ports.ts';
import type { Diagnostic } from '../../domain/preflight/report.ts';
import type { Locks, MetricStore, RecordingStore, RunStore, Trainer } from '../../domain/runs/ports.ts';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';
import type { ArtifactService } from '../data/artifacts.ts';

/** What the use cases around runs are made of; the composition root fills it. */
export interface RunDeps {
  readonly runs: RunStore;
  /** Who is at this browser, and sees his own runs there; left out where all are one person's, as in a folder. */
  readonly owner?: { current(): string | null; subscribe(listener: () => void): () => void };
  readonly metrics: MetricStore;
  readonly recordings: RecordingStore;
  readonly checkpoints: CheckpointStore;
  readonly locks: Locks;
  readonly trainer: Trainer;
  /** Pre-flight of a config, whatever its device and data: on a page in a worker, as it takes more than a frame. */
  readonly check: (text: string) => Promise<readonly Diagnostic[]>;
  readonly artifacts: ArtifactService;
  /** The shared map of a project's document. */
  readonly files: (project: string) => Promise<ProjectFiles>;
  readonly clock: Clock;
  /** A whole number in [0, 2^32), for ids. */
  readonly random: () => number;
}
