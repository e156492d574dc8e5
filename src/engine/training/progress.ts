import type { DeviceName } from '../device.ts';
import { FRESH_WATCH, type LossWatchState } from './loss-watch.ts';
import type { TrainingSpec } from './spec.ts';

/** What data and tokenizer a run trains on, by hash: a resume onto others is refused. */
export interface TrainingHashes {
  readonly data: string;
  readonly tokenizer: string;
}

/**
 * Everything besides tensors that the next step depends on. There is no random state in it but the seed
 * (in the spec), the step and the cursor: the data order and dropout are functions of those.
 */
export interface TrainingProgress {
  /** Updates applied. */
  readonly step: number;
  /** Sequences read so far: the data order's next index. */
  readonly cursor: number;
  /** On the schedule; 1 unless somebody changed the learning rate. */
  readonly learning_rate_factor: number;
  readonly best: { readonly step: number; readonly val_loss: number } | null;
  /** The step of the last evaluation; one that was due but left off for a command is done on the resume. */
  readonly evaluated: number | null;
  /** For early stopping. */
  readonly evaluations_without_improvement: number;
  readonly loss_watch: LossWatchState;
}

export const FRESH_PROGRESS: TrainingProgress = {
  step: 0,
  cursor: 0,
  learning_rate_factor: 1,
  best: null,
  evaluated: null,
  evaluations_without_improvement: 0,
  loss_watch: FRESH_WATCH,
};

/** What a checkpoint says of itself; stored as JSON beside its tensors. */
export interface CheckpointFacts {
  readonly format: 1;
  /** All the state, or the parameters alone, as the best is kept. */
  readonly holds: 'all' | 'parameters';
  /** Counts the checkpoints of a run: of two slots the higher is the newer, also at the same step. */
  readonly serial: number;
  readonly progress: TrainingProgress;
  readonly spec: TrainingSpec;
  readonly hashes: TrainingHashes;
  /** How many tokens the parts have: another split of the same text is other data. */
  readonly tokens: { readonly train: number; readonly validation: number };
  readonly device: DeviceName;
  readonly program_version: string;
}
