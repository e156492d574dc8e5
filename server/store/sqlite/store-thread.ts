import { Worker } from 'node:worker_threads';
import { AnnealError } from '../../../src/base/error.ts';
import { serverErrors } from '../../errors.ts';
import { threadEnvironment } from '../../thread-environment.ts';
import type { StoreFiles, StoreRequest, StoreResponse } from './messages.ts';

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: AnnealError) => void;
}

/** A thread with a connection of its own: requests by message, answers in order. */
export class StoreThread {
  /** What it says first. */
  readonly opened: Promise<unknown>;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #failed: AnnealError | null = null;

  constructor(script: URL, files: StoreFiles) {
    this.#worker = new Worker(script, {
      workerData: files,
      env: threadEnvironment(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    this.opened = this.#wait(0);
    this.#worker.on('message', (response: StoreResponse) => this.#settle(response));
    this.#worker.on('error', (error) =>
      this.#fail(serverErrors.storeFailed({ message: String(error), cause: error })),
    );
    this.#worker.on('exit', () =>
      this.#fail(serverErrors.storeFailed({ message: 'The store has been closed' })),
    );
  }

  /** Why it answers nothing any more, once that is so. */
  get failed(): AnnealError | null {
    return this.#failed;
  }

  post(name: StoreRequest['name'], input: unknown): Promise<unknown> {
    if (this.#failed !== null) return Promise.reject(this.#failed);
    const id = this.#nextId++;
    this.#worker.postMessage({ id, name, input } satisfies StoreRequest);
    return this.#wait(id);
  }

  /** After what was asked before. */
  async close(): Promise<void> {
    if (this.#failed !== null) return;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    await this.post('close', null);
    await exited;
  }

  #wait(id: number): Promise<unknown> {
    return new Promise((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
  }

  #settle(response: StoreResponse): void {
    const waiting = this.#waiting.get(response.id);
    this.#waiting.delete(response.id);
    if ('facts' in response) waiting?.reject(new AnnealError(response.facts));
    else waiting?.resolve(response.output);
  }

  #fail(error: AnnealError): void {
    this.#failed ??= error;
    for (const { reject } of this.#waiting.values()) reject(this.#failed);
    this.#waiting.clear();
  }
}
