import type { TrainingDeps } from './deps.ts';
import { trainingErrors } from './errors.ts';
import type { TrainingEnd } from './events.ts';
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

  try {
    // Parameters and all: initialised, or as the checkpoint has them.
    const live = await run.begin();
    const order = createDataOrder({ seed: spec.seed, tokens: data.train.length, context: live.context });
    const guessing = Math.log(spec.model.vocab_size); // the loss of knowing nothing, in nats
    const last = Math.min(spec.max_steps, deps.until ?? spec.max_steps);

    for (;;) {
      // Between two updates: commands (a pause waits in here), then what is due at this step.
      if ((await run.obey()) === 'stop') return await run.end('stopped');
      if (run.evaluationDue(last) && !(await run.evaluate())) continue; // left off for a command
      if (run.outOfPatience) return await run.end('early_stopping');
      if (run.saveDue) await run.save();

      const { step, cursor, loss_watch } = run.progress;
      if (step >= last) return await run.end(step >= spec.max_steps ? 'finished' : 'stopped');

      // One update, from the next sequences of the data order.
      const learning_rate = run.learningRate;
      const started = clock.elapsed();
      const { loss, grad_norm } = await live.update(data.train, order, { step, cursor }, learning_rate);
      const step_ms = clock.elapsed() - started;

      if (!Number.isFinite(loss) || !Number.isFinite(grad_norm)) {
        throw trainingErrors.notFinite({
          message: `In update ${step + 1} the loss was ${brief(loss)} and the gradient norm ${brief(grad_norm)}, at a learning rate of ${brief(learning_rate)}.`,
          where: 'training.learning_rate',
          data: { step: step + 1, loss: String(loss), grad_norm: String(grad_norm), learning_rate },
        });
      }
      const watched = watchLoss(loss_watch, loss, guessing);
      run.advance(live.sequences, watched.state);
      emit({
        type: 'step',
        step: step + 1,
        loss,
        learning_rate,
        grad_norm,
        tokens_per_second: step_ms > 0 ? (live.tokens / step_ms) * 1000 : 0,
        step_ms,
        memory_bytes: live.memoryBytes(),
      });
      if (watched.diverged) {
        const { smoothed, best, limit } = watched.diverged;
        throw trainingErrors.diverged({
          message: `The smoothed loss stands at ${smoothed.toFixed(2)}; its best was ${best.toFixed(2)}, and above ${limit.toFixed(2)} the model has lost half of what it had learned.`,
          where: 'training.learning_rate',
          data: { step: step + 1, smoothed, best, limit, learning_rate },
        });
      }
      await breathe();
    }
  } catch (error) {
    return run.failed(error);
  } finally {
    run.dispose();
  }
}

/** Four digits say enough of a figure in a sentence. */
function brief(value: number): string {
  return String(Number(value.toPrecision(4)));
}
