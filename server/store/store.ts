import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import type { StoreRequest, StoreResponse } from './messages.ts';
import type { InputOf, OutputOf, RequestName, Write } from './requests.ts';

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: AnnealError) => void;
}

/** The store's side of the server: requests by message, answers in order. */
export class Store {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 1;
  #failed: AnnealError | null = null;
  /** Updates for the commit after the one that is under way. */
  #batch: { writes: Write[]; done: Promise<void> } | null = null;
  #commit: Promise<unknown> = Promise.resolve();

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /**
   * Opens `anneal.db` in the folder, making both where they are missing.
   * Errors: dataUnusable, dataInUse, dataDamaged, newerData.
   */
  static async open(folder: string): Promise<Store> {
    try {
      await mkdir(folder, { recursive: true });
    } catch (cause) {
      throw serverErrors.dataUnusable({ where: folder, cause });
    }
    const worker = new Worker(new URL('./store.worker.ts', import.meta.url), {
      workerData: { file: join(folder, 'anneal.db') },
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const store = new Store(worker);
    const opened = store.#wait(0);
    worker.on('message', (response: StoreResponse) => store.#settle(response));
    worker.on('error', (error) =>
      store.#fail(serverErrors.storeFailed({ message: String(error), cause: error })),
    );
    worker.on('exit', () => store.#fail(serverErrors.storeFailed({ message: 'The store has been closed' })));
    try {
      await opened;
    } catch (error) {
      if (!(error instanceof AnnealError)) throw error;
      throw new AnnealError({ ...error.toJSON(), where: folder }, { cause: error });
    }
    return store;
  }

  call<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    return this.#post(name, input) as Promise<OutputOf<N>>;
  }

  /**
   * Resolves when it is on disk. Commits are grouped without a timer: while one is under way the next writes
   * collect, and go together when it is done. Writes made in one turn are in one commit.
   */
  write(write: Write): Promise<void> {
    if (this.#batch === null) {
      const writes: Write[] = [];
      const done = this.#commit.then(async () => {
        this.#batch = null;
        await this.call('write', writes);
      });
      this.#batch = { writes, done };
      this.#commit = done.catch(() => undefined);
    }
    this.#batch.writes.push(write);
    return this.#batch.done;
  }

  /** Waits for what was asked before, then closes the database. */
  async close(): Promise<void> {
    if (this.#failed !== null) return;
    await this.#commit;
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    await this.#post('close', null);
    await exited;
  }

  #post(name: StoreRequest['name'], input: unknown): Promise<unknown> {
    if (this.#failed !== null) return Promise.reject(this.#failed);
    const id = this.#nextId++;
    this.#worker.postMessage({ id, name, input } satisfies StoreRequest);
    return this.#wait(id);
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
