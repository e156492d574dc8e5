import { SMALLEST_SCALE } from '../optimizers/loss-scale.ts';
import type { TrainingDeps } from './deps.ts';
import { trainingErrors } from './errors.ts';
import type { TrainingEnd } from './events.ts';
import type { Update } from './live-training.ts';
import { watchLoss } from './loss-watch.ts';
import { createDataOrder } from './order.ts';
import type { TrainingSpec } from './spec.ts';
import { TrainingRun } from './training-run.ts';

/**
 * Trains until max_steps, until somebody stops it or it stops improving, or until it cannot go on. Never
 * throws: what went wrong is in the end that it returns, with the last checkpoint that is whole.
 */
export async function train(spec: TrainingSpec, deps: TrainingDeps): Promise<TrainingEnd> {
  const { data, emit, clock, breathe } = deps;
  const run = new TrainingRun(spec, deps);
  /** Updates under way, the oldest first: one, or as many as the device likes. */
  const ahead: Ahead[] = [];
  /** When the last one's loss was read. */
  let landed = 0;

  try {
    // Parameters and all: initialised, or as the checkpoint has them.
    const live = await run.begin();
    const order = createDataOrder({ seed: spec.seed, tokens: data.train.length, context: live.context });
    const guessing = Math.log(spec.model.vocab_size); // the loss of knowing nothing, in nats
    const last = Math.min(spec.max_steps, deps.until ?? spec.max_steps);

    /** Waits for updates, in order, until only so many are under way, and tells of them. */
    const land = async (left: number): Promise<void> => {
      while (ahead.length > left) await tell(ahead.shift() as Ahead);
    };
    const tell = async ({ started, learning_rate, step, done }: Ahead): Promise<void> => {
      const made = await done;
      const { loss, grad_norm, loss_scale } = made;
      const now = clock.elapsed();
      const step_ms = now - Math.max(started, landed);
      landed = now;
      // A smaller loss scale may help, as long as there is one; not where the loss itself is no number, which
      // no scale had touched: going on would only put what is broken over the last good checkpoint.
      const skipped =
        made.skipped && Number.isFinite(loss) && loss_scale !== null && loss_scale > SMALLEST_SCALE;
      if (!skipped && (!Number.isFinite(loss) || !Number.isFinite(grad_norm))) {
        const scaled = loss_scale === null ? '' : ` and a loss scale of ${loss_scale}`;
        throw trainingErrors.notFinite({
          message: `In update ${step} the loss was ${brief(loss)} and the gradient norm ${brief(grad_norm)}, at a learning rate of ${brief(learning_rate)}${scaled}.`,
          where: 'training.learning_rate',
          ...run.rangeFix,
          data: { step, loss: String(loss), grad_norm: String(grad_norm), learning_rate },
        });
      }
      const { loss_watch } = run.progress;
      const watched = Number.isFinite(loss)
        ? watchLoss(loss_watch, loss, guessing)
        : { state: loss_watch, diverged: null };
      run.advance(live.sequences, watched.state);
      emit({
        type: 'step',
        step,
        loss,
        learning_rate,
        grad_norm,
        tokens_per_second: step_ms > 0 ? (live.tokens / step_ms) * 1000 : 0,
        step_ms,
        memory_bytes: live.memoryBytes(),
        loss_scale,
      });
      if (skipped) run.tellSkipped(loss_scale);
      run.tellProfile(made);
      if (watched.diverged) {
        const { smoothed, best, limit } = watched.diverged;
        throw trainingErrors.diverged({
          message: `The smoothed loss stands at ${smoothed.toFixed(2)}; its best was ${best.toFixed(2)}, and above ${limit.toFixed(2)} the model has lost half of what it had learned.`,
          where: 'training.learning_rate',
          data: { step, smoothed, best, limit, learning_rate },
        });
      }
    };

    for (;;) {
      // A device that likes to know of the next update early is told of it before the last one's loss is read;
      // but what comes between two updates comes when none is under way.
      if (run.dueAt(run.progress.step + ahead.length, last)) await land(0);

      // Between two updates: commands (a pause waits in here), then what is due at this step.
      if (ahead.length === 0) {
        if ((await run.obey()) === 'stop') return await run.end('stopped');
        if (run.evaluationDue(last) && !(await run.evaluate())) continue; // left off for a command
        if (run.outOfPatience) return await run.end('early_stopping');
        if (run.saveDue) await run.startSave();
        const { step } = run.progress;
        if (step >= last) return await run.end(step >= spec.max_steps ? 'finished' : 'stopped');
      }

      // One update, from the next sequences of the data order.
      const step = run.progress.step + ahead.length;
      const cursor = run.progress.cursor + ahead.length * live.sequences;
      const learning_rate = run.learningRate(step);
      const started = clock.elapsed();
      const { done } = await live.start(data.train, order, { step, cursor }, learning_rate, run.recording);
      ahead.push({ step: step + 1, learning_rate, started, done });
      await land(run.recording ? 0 : live.most - 1);
      await breathe();
    }
  } catch (error) {
    await Promise.allSettled(ahead.map(({ done }) => done)); // they use what is about to be freed
    return await run.failed(error);
  } finally {
    run.dispose();
  }
}

/** An update that is under way. */
interface Ahead {
  /** Updates applied after it. */
  readonly step: number;
  readonly learning_rate: number;
  /** By the clock. */
  readonly started: number;
  readonly done: Promise<Update>;
}

/** Four digits say enough of a figure in a sentence. */
function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}
