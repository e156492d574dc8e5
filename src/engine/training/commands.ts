import type { TrainingCommand } from './events.ts';

/**
 * What somebody asked of a running loop, in order. Whoever asks pushes; the loop takes between two
 * updates, or waits here while it is paused.
 */
export class CommandQueue {
  #waiting: TrainingCommand[] = [];
  #wake: (() => void) | null = null;

  push(command: TrainingCommand): void {
    this.#waiting.push(command);
    this.#wake?.();
    this.#wake = null;
  }

  take(): TrainingCommand | undefined {
    return this.#waiting.shift();
  }

  get empty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The next command, now or as soon as there is one. One caller at a time. */
  async next(): Promise<TrainingCommand> {
    for (;;) {
      const command = this.take();
      if (command) return command;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** Whether the loop should leave off what takes long (an evaluation, a sample) to obey. */
  get urgent(): boolean {
    return this.#waiting.some(({ type }) => type === 'stop' || type === 'pause');
  }
}
