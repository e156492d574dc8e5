import { Worker } from 'node:worker_threads';
import { serverErrors } from '../errors.ts';
import { threadEnvironment } from '../thread-environment.ts';
import { Lanes } from './lanes.ts';
import type { Payer } from './share.ts';

export interface TrialRequest {
  readonly state: Uint8Array;
  readonly update: Uint8Array;
}

/** So long the trial of any update may take, and what each of its parts adds. */
export interface TrialLimits {
  readonly trialMs: number;
  readonly trialMsPerPart: number;
}

export type TrialMessage =
  /** The thread is ready for a trial, or has read the document and begins with the update. */
  { readonly kind: 'ready' | 'loaded' } | { readonly kind: 'done'; readonly problem: string | null };

/** A document that is not read within this time says nothing about the update. */
const LOAD_MS = 10_000;
const MEMORY_MB = 256;

type Outcome =
  | { readonly kind: 'done'; readonly problem: string | null }
  | { readonly kind: 'slow' }
  /** The thread has ended; `loaded`: while it worked on the update, and not on the document before. */
  | { readonly kind: 'ended'; readonly loaded: boolean };

/**
 * Applies large updates of strangers in a thread of its own first, with a limit on time and memory. One after
 * the other: addresses have it in turn, and a socket is not read before its update has been tried, so that nobody
 * has two of them wait, nor takes more of the thread than others who need it. A thread that does not come back is
 * ended and a new one takes the next. Only what the update itself needs is held against it: neither the time nor
 * the memory that the document takes; whoever sent it pays for all of the time.
 */
export class Trial {
  readonly #limits: TrialLimits;
  readonly #waiting = new Lanes<() => Promise<void>>();
  #worker: Worker | null = null;
  /** Null while nobody waits. */
  #working: Promise<void> | null = null;

  constructor(limits: TrialLimits) {
    this.#limits = limits;
  }

  /**
   * Rejects with hostileUpdate or malformedUpdate when the update cannot be applied within the limits, and with
   * what `request` throws, which is asked when it is this update's turn.
   */
  run(payer: Payer, parts: number, request: () => TrialRequest): Promise<void> {
    const limitMs = Math.round(this.#limits.trialMs + parts * this.#limits.trialMsPerPart);
    return new Promise((resolve, reject) => {
      this.#waiting.add(payer.address, () => this.#run(payer, request, limitMs).then(resolve, reject));
      this.#working ??= this.#work();
    });
  }

  async close(): Promise<void> {
    await this.#working;
    await this.#worker?.terminate();
    this.#worker = null;
  }

  async #work(): Promise<void> {
    for (let next = this.#waiting.next(); next !== undefined; next = this.#waiting.next()) await next();
    this.#working = null;
  }

  async #run(payer: Payer, request: () => TrialRequest, limitMs: number): Promise<void> {
    const worker = await this.#start();
    const began = performance.now();
    try {
      await this.#try(worker, request(), limitMs);
    } finally {
      payer.spend({ ms: performance.now() - began });
    }
  }

  async #try(worker: Worker, request: TrialRequest, limitMs: number): Promise<void> {
    const outcome = await this.#outcome(worker, request, limitMs);
    if (outcome.kind === 'done') {
      if (outcome.problem === null) return;
      throw serverErrors.malformedUpdate({ message: `Yjs cannot read the update: ${outcome.problem}` });
    }
    this.#worker = null;
    await worker.terminate();
    if (outcome.kind === 'ended' && !outcome.loaded) return;
    const bound = outcome.kind === 'slow' ? `${limitMs} ms` : `${MEMORY_MB} MB`;
    throw serverErrors.hostileUpdate({ message: `Applying the update takes more than ${bound}` });
  }

  #outcome(worker: Worker, request: TrialRequest, limitMs: number): Promise<Outcome> {
    return new Promise((resolve) => {
      let loaded = false;
      const end = (outcome: Outcome): void => {
        clearTimeout(timer);
        worker.off('message', hear);
        worker.off('error', ended);
        worker.off('exit', ended);
        resolve(outcome);
      };
      const ended = (): void => end({ kind: 'ended', loaded });
      const hear = (message: TrialMessage): void => {
        if (message.kind === 'done') {
          end(message);
          return;
        }
        loaded = true;
        clearTimeout(timer);
        timer = setTimeout(() => end({ kind: 'slow' }), limitMs);
      };
      let timer = setTimeout(ended, LOAD_MS);
      worker.on('message', hear);
      worker.on('error', ended); // it ran out of memory
      worker.on('exit', ended);
      worker.postMessage(request);
    });
  }

  /** Starting a thread takes longer than most trials and is not counted: it says when it is ready. */
  async #start(): Promise<Worker> {
    if (this.#worker !== null) return this.#worker;
    const worker = new Worker(new URL('./trial.worker.ts', import.meta.url), {
      env: threadEnvironment(),
      resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
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
