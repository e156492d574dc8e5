import type { Clock } from '../../base/clock.ts';
import type { Device, DeviceCeilings } from '../device.ts';
import type { Tokenizer } from '../tokenizers/tokenizer.ts';
import type { Tokens } from './batches.ts';
import type { CheckpointStore } from './checkpoint-store.ts';
import type { CommandQueue } from './commands.ts';
import type { TrainingEvent } from './events.ts';
import type { TrainingHashes } from './progress.ts';

/** Everything that the loop does not do itself. */
export interface TrainingDeps {
  readonly device: Device;
  /** The parts of the text as ids; nothing of validation is trained on. */
  readonly data: { readonly train: Tokens; readonly validation: Tokens };
  readonly tokenizer: Pick<Tokenizer, 'encode' | 'decode' | 'eos_token_id' | 'vocab_size'>;
  readonly hashes: TrainingHashes;
  readonly store: CheckpointStore;
  /** The name under which the store keeps this run. */
  readonly run: string;
  readonly start: TrainingStart;
  /** End after this many updates in all, the schedule staying that of max_steps; null: at max_steps. */
  readonly until: number | null;
  readonly commands: CommandQueue;
  readonly emit: (event: TrainingEvent) => void;
  readonly clock: Clock;
  /** What the device reaches at best, for a profile; asked between two updates. Absent: nobody knows. */
  readonly ceilings?: () => Promise<DeviceCeilings | null>;
  /** Lets messages in between two updates: a macrotask (setImmediate, a MessageChannel), not a microtask. */
  readonly breathe: () => Promise<void>;
  readonly program_version: string;
}

export type TrainingStart =
  /** Parameters of a model that was opened, where `read` is given, else freshly initialised from the seed. */
  | { readonly type: 'new'; readonly read?: (name: string) => Promise<Float32Array> }
  /** From the run's last whole checkpoint. */
  | { readonly type: 'resume' };
