import type { ErrorFacts } from '../src/base/error.ts';
import type { RunId } from '../src/domain/runs/events.ts';
import type { EvalMetrics, StepMetrics } from '../src/domain/runs/metrics.ts';
import type { MetricStore, Progress, RunStore } from '../src/domain/runs/ports.ts';
import type { CommandIo } from './io.ts';

/** Says how a run goes while it trains: as lines of JSON, as a bar, or, where there is no terminal, as lines. */
export interface TrainOutput {
  readonly onProgress: (progress: Progress) => void;
  /** Follows the run until `end`, which says all that is left to say. `steps`: where it is to stop, if earlier. */
  follow(run: RunId, steps: number | null): Promise<{ end(): Promise<void> }>;
}

type Row = Pick<StepMetrics, 'step'> & Partial<StepMetrics> & Partial<EvalMetrics>;

interface Stores {
  readonly runs: RunStore;
  readonly metrics: MetricStore;
}

export function createTrainOutput(io: CommandIo, json: boolean, { runs, metrics }: Stores): TrainOutput {
  const terminal = !json && 'isTTY' in io.stdout && io.stdout.isTTY === true;
  let bar = '';
  const clear = (): void => {
    if (bar !== '') io.stdout.write('\r\u001b[K');
    bar = '';
  };
  const draw = (text: string): void => {
    clear();
    bar = text;
    io.stdout.write(text);
  };
  /** Above the bar; to stderr, so that stdout holds figures only. */
  const say = (text: string): void => {
    clear();
    io.stderr.write(`${text}\n`);
  };

  return {
    onProgress({ what, done, total }) {
      if (!terminal) return;
      draw(total === null || total === 0 ? `${what} …` : `${what} ${Math.round((100 * done) / total)}%`);
    },

    async follow(run, steps) {
      let maxSteps = steps ?? 1;
      // What is there already was told by an earlier session.
      let told = (await metrics.summary(run)).last?.step ?? -1;
      let lastEval = (await metrics.summary(run)).last_eval?.step ?? -1;
      let heard = (await runs.events(run)).at(-1)?.seq ?? -1;
      let quietUntil = 0;
      const began = performance.now();
      let first: number | null = null;

      const tell = (row: Row): void => {
        const { step, loss = null, val_loss = null } = row;
        first ??= step - 1;
        if (json) {
          const { tokens_per_second = null, step_ms = null, learning_rate = null, grad_norm = null } = row;
          const line = { step, loss, val_loss, tokens_per_second, step_ms, learning_rate, grad_norm };
          io.stdout.write(`${JSON.stringify(line)}\n`);
          return;
        }
        const left = ((performance.now() - began) / Math.max(1, step - first)) * (maxSteps - step);
        const text = inWords(row, maxSteps, left);
        if (val_loss !== null || (!terminal && performance.now() >= quietUntil)) {
          clear();
          io.stdout.write(`${text}\n`);
          quietUntil = performance.now() + 10_000;
        }
        if (terminal) draw(`${gauge(step / maxSteps)} ${text}`);
      };

      /** A step is told once the next one is there: an evaluation of it comes after its figures. */
      const catchUp = async (all: boolean): Promise<void> => {
        for (const { seq, event } of await runs.events(run, heard)) {
          heard = seq;
          if (event.type === 'prepared') maxSteps = Math.min(steps ?? event.max_steps, event.max_steps);
          else if (event.type === 'noticed') say(notice(event.facts));
          else if (event.type === 'device_changed') {
            say(`${notice(event.because)}\n  ${event.device.name} goes on from step ${event.step}.`);
            told = Math.min(told, event.step);
          } else if (event.type === 'started') {
            say(`${event.device.name}, ${event.device.description}: ${event.reason}`);
            told = Math.min(told, event.step);
          }
        }
        const { steps: figures, evals } = await metrics.read(run, { from: Math.min(told, lastEval) + 1 });
        const valLosses = new Map(evals.map((point) => [point.step, point.val_loss]));
        const rows: Row[] = figures.filter(({ step }) => step > told);
        for (const { step } of evals) {
          if (step > lastEval && !rows.some((row) => row.step === step)) rows.push({ step });
        }
        rows.sort((x, y) => x.step - y.step);
        for (const row of all ? rows : rows.slice(0, -1)) {
          const val_loss = valLosses.get(row.step);
          tell(val_loss === undefined ? row : { ...row, val_loss });
          told = Math.max(told, row.step);
          if (val_loss !== undefined) lastEval = row.step;
        }
      };

      let last: Promise<void> = Promise.resolve();
      let failure: { readonly error: unknown } | null = null;
      let waiting = false;
      const look = (): void => {
        if (waiting) return; // one look sees all that came meanwhile
        waiting = true;
        last = last
          .then(() => {
            waiting = false;
            return catchUp(false);
          })
          .catch((error: unknown) => {
            failure ??= { error };
          });
      };
      const ends = [runs.watch(look), metrics.watch(run, look)];
      look();
      return {
        async end() {
          for (const stop of ends) stop();
          await last;
          clear();
          if (failure !== null) throw failure.error;
          await catchUp(true);
          clear();
        },
      };
    },
  };
}

function inWords(row: Row, maxSteps: number, leftMs: number): string {
  const parts = [`step ${row.step}/${maxSteps}`];
  if (row.loss !== undefined) parts.push(`loss ${row.loss.toFixed(4)}`);
  if (row.val_loss !== undefined) parts.push(`validation ${row.val_loss.toFixed(4)}`);
  if (row.tokens_per_second !== undefined) parts.push(`${Math.round(row.tokens_per_second)} tokens/s`);
  if (Number.isFinite(leftMs) && leftMs > 0) parts.push(`${duration(leftMs)} left`);
  return parts.join('  ');
}

const WIDTH = 24;

function gauge(share: number): string {
  const full = Math.round(WIDTH * Math.min(1, Math.max(0, share)));
  return `[${'#'.repeat(full)}${'.'.repeat(WIDTH - full)}]`;
}

function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
  return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min`;
}

export function notice({ code, message, where, fix }: ErrorFacts): string {
  return `${code} ${message}${where === undefined ? '' : ` (${where})`}\n  ${fix}`;
}
