import type { Clock } from '../../base/clock.ts';
import type { Locks, MetricStore, RecordingStore, RunStore, TimingStore } from '../../domain/runs/ports.ts';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';
import type { DataDeps } from './data.ts';
import type { DeviceSource } from './devices.ts';

/** What the trainer is made of; the worker's entry and the CLI fill it. */
export interface TrainerDeps extends DataDeps {
  readonly runs: RunStore;
  readonly metrics: MetricStore;
  readonly recordings: RecordingStore;
  readonly checkpoints: CheckpointStore;
  readonly timings: TimingStore;
  readonly locks: Locks;
  readonly devices: DeviceSource;
  readonly clock: Clock;
}
