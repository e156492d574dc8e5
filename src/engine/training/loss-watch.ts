/**
 * Notices that a run has diverged. As in fastai's learning-rate finder, an exponential average of the loss
 * (0.98, bias-corrected) is compared with its own best so far; but not with a multiple of it, which means
 * little for a loss near 0 or one near ln(vocabulary): a run has diverged when it has lost half of what it
 * ever gained over guessing, and at least 1 nat, for PATIENCE updates in a row.
 */
export interface LossWatchState {
  readonly average: number;
  readonly updates: number;
  readonly best: number | null;
  readonly above: number;
}

const SMOOTHING = 0.98;
const PATIENCE = 50;

export const FRESH_WATCH: LossWatchState = { average: 0, updates: 0, best: null, above: 0 };

export interface Watched {
  readonly state: LossWatchState;
  /** Where the run has diverged: the smoothed loss, its best, and what it may not stay above. */
  readonly diverged: { readonly smoothed: number; readonly best: number; readonly limit: number } | null;
}

/** `guessing` is the loss of a uniform guess, ln(vocabulary), in nats. */
export function watchLoss(state: LossWatchState, loss: number, guessing: number): Watched {
  const average = SMOOTHING * state.average + (1 - SMOOTHING) * loss;
  const updates = state.updates + 1;
  const smoothed = average / (1 - SMOOTHING ** updates);
  const best = state.best === null ? smoothed : Math.min(state.best, smoothed);
  const limit = best + Math.max(1, (guessing - best) / 2);
  const above = smoothed > limit ? state.above + 1 : 0;
  return {
    state: { average, updates, best, above },
    diverged: above >= PATIENCE ? { smoothed, best, limit } : null,
  };
}
