import type { ErrorFacts } from '../../base/error.ts';
import type { RecordedStep } from './recorded-step.ts';

/** What the loop says while it trains. Steps count updates applied so far. */
export type TrainingEvent =
  | {
      readonly type: 'step';
      readonly step: number;
      /** Mean over the effective batch, before the update. */
      readonly loss: number;
      readonly learning_rate: number;
      /** 2-norm over all gradients, before clipping. */
      readonly grad_norm: number;
      readonly tokens_per_second: number;
      readonly step_ms: number;
      readonly memory_bytes: number | null;
      /** What the loss was multiplied by; null without loss scaling. */
      readonly loss_scale: number | null;
    }
  | { readonly type: 'eval'; readonly step: number; readonly val_loss: number; readonly batches: number }
  | { readonly type: 'checkpoint'; readonly step: number; readonly name: string; readonly bytes: number }
  | {
      readonly type: 'sample';
      readonly step: number;
      readonly text: string;
      /** Tokens written, by the time that all of them took. */
      readonly tokens_per_second: number;
    }
  | {
      readonly type: 'learning_rate';
      readonly step: number;
      readonly factor: number;
      readonly learning_rate: number;
    }
  /** The update that was just told of was recorded. */
  | { readonly type: 'profile'; readonly step: number; readonly recorded: RecordedStep }
  | { readonly type: 'paused'; readonly step: number }
  | { readonly type: 'resumed'; readonly step: number }
  | { readonly type: 'notice'; readonly step: number; readonly facts: ErrorFacts };

/** Why the loop returned. */
export type TrainingEnd = {
  readonly step: number;
  /** Its parameters are kept in the checkpoint `best`. */
  readonly best: { readonly step: number; readonly val_loss: number } | null;
} & (
  | {
      /** `finished`: max_steps were reached. `stopped`: by a command, or by a limit on this session's updates. */
      readonly reason: 'finished' | 'early_stopping' | 'stopped';
    }
  | {
      readonly reason: 'failed';
      /** What happened and what to try. ANN-DEV-001 and 002: another device may go on. */
      readonly facts: ErrorFacts;
      /** The last checkpoint that is whole: its name in the store, and how many updates are in it. */
      readonly checkpoint: { readonly name: string; readonly step: number } | null;
    }
);

/** What somebody may ask of a running loop; taken up between two steps. */
export type TrainingCommand =
  | { readonly type: 'pause' }
  | { readonly type: 'resume' }
  | { readonly type: 'stop' }
  | { readonly type: 'evaluate' }
  | { readonly type: 'save' }
  /** From now on the schedule is multiplied so that the current rate becomes this one. */
  | { readonly type: 'set_learning_rate'; readonly learning_rate: number }
  | { readonly type: 'sample' }
  /** Record the next update, which is made as any other. */
  | { readonly type: 'profile' };
