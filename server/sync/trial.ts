import { Worker } from 'node:worker_threads';
import { serverErrors } from '../errors.ts';

export interface TrialRequest {
  readonly state: Uint8Array;
  readonly update: Uint8Array;
}

export interface TrialResponse {
  readonly problem: string | null;
}

/** Reading the document itself must not count against the update. */
const MS_PER_MEGABYTE_OF_STATE = 250;

/**
 * Applies large updates of strangers in a thread of its own first, with a limit on time and memory. One after
 * the other; a thread that does not come back is ended and a new one takes the next.
 */
export class Trial {
  readonly #limitMs: number;
  #worker: Worker | null = null;
  #last: Promise<unknown> = Promise.resolve();

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /** Rejects with hostileUpdate or malformedUpdate when the update cannot be applied within the limits. */
  run(request: TrialRequest): Promise<void> {
    const result = this.#last.then(() => this.#run(request));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async close(): Promise<void> {
    await this.#last;
    await this.#worker?.terminate();
    this.#worker = null;
  }

  async #run(request: TrialRequest): Promise<void> {
    const worker = await this.#start();
    const limitMs = this.#limitMs + (request.state.length / 1024 / 1024) * MS_PER_MEGABYTE_OF_STATE;
    const outcome = await new Promise<TrialResponse | 'time' | 'memory'>((resolve) => {
      const timer = setTimeout(() => end('time'), limitMs);
      const outOfMemory = (): void => end('memory');
      const end = (result: TrialResponse | 'time' | 'memory'): void => {
        clearTimeout(timer);
        worker.off('message', end);
        worker.off('error', outOfMemory);
        resolve(result);
      };
      worker.on('message', end);
      worker.on('error', outOfMemory);
      worker.postMessage(request);
    });
    if (typeof outcome === 'object') {
      if (outcome.problem === null) return;
      throw serverErrors.malformedUpdate({ message: `Yjs cannot read the update: ${outcome.problem}` });
    }
    this.#worker = null;
    await worker.terminate();
    throw serverErrors.hostileUpdate({
      message: `Applying the update takes more than ${outcome === 'time' ? `${Math.round(limitMs)} ms` : '256 MB'}`,
    });
  }

  /** Starting a thread takes longer than most trials and is not counted: it says when it is ready. */
  async #start(): Promise<Worker> {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(new URL('./trial.worker.ts', import.meta.url), {
      resourceLimits: { maxOldGenerationSizeMb: 256 },
    });
    await new Promise<void>((resolve, reject) => {
      worker.once('message', () => resolve());
      worker.once('error', reject);
    });
    worker.on('error', () => undefined); // each trial looks for itself
    worker.unref();
    this.#worker = worker;
    return worker;
  }
}
