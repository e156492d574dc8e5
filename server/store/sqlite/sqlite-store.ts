import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { AnnealError } from '../../../src/base/error.ts';
import { serverErrors } from '../../errors.ts';
import { threadEnvironment } from '../../thread-environment.ts';
import { GroupCommit } from '../group-commit.ts';
import type { InputOf, OutputOf, RequestName } from '../requests.ts';
import type { Store } from '../store.ts';
import type { Committed, WriteUnit, Written } from '../write.ts';
import type { Opened, StoreFiles, StoreRequest, StoreResponse } from './messages.ts';

interface Waiting {
  readonly resolve: (output: unknown) => void;
  readonly reject: (error: AnnealError) => void;
}

/** SQLite in a thread of its own: requests by message, answers in order. */
export class SqliteStore implements Store {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #commits = new GroupCommit((units) => this.#commit(units));
  #epoch = 0;
  #lsn = 0;
  #nextId = 1;
  #failed: AnnealError | null = null;

  private constructor(worker: Worker) {
    this.#worker = worker;
  }

  /**
   * Opens `anneal.db` in the folder, making both where they are missing.
   * Errors: dataUnusable, dataInUse, dataDamaged, newerData.
   */
  static async open(folder: string): Promise<SqliteStore> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw serverErrors.dataUnusable({ where: folder, cause });
    }
    const files: StoreFiles = {
      database: join(folder, 'anneal.db'),
      watermark: join(folder, 'anneal.watermark'),
    };
    const worker = new Worker(new URL('./store.worker.ts', import.meta.url), {
      workerData: files,
      env: threadEnvironment(),
      execArgv: ['--disable-warning=ExperimentalWarning'],
    });
    const store = new SqliteStore(worker);
    const opened = store.#wait(0);
    worker.on('message', (response: StoreResponse) => store.#settle(response));
    worker.on('error', (error) =>
      store.#fail(serverErrors.storeFailed({ message: String(error), cause: error })),
    );
    worker.on('exit', () => store.#fail(serverErrors.storeFailed({ message: 'The store has been closed' })));
    try {
      const { epoch, lsn } = (await opened) as Opened;
      store.#epoch = epoch;
      store.#lsn = lsn;
    } catch (error) {
      if (!(error instanceof AnnealError)) throw error;
      throw new AnnealError({ ...error.toJSON(), where: folder }, { cause: error });
    }
    return store;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get lsn(): number {
    return this.#lsn;
  }

  call<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    return this.#post(name, input) as Promise<OutputOf<N>>;
  }

  write(...unit: WriteUnit): Promise<Written> {
    return this.#commits.write(unit);
  }

  async backup(file: string): Promise<void> {
    try {
      await this.#post('backup', file);
    } catch (cause) {
      throw serverErrors.backupFailed({ where: file, cause });
    }
  }

  async scrub(): Promise<void> {
    await this.#post('scrub', null);
  }

  async close(): Promise<void> {
    if (this.#failed !== null) return;
    await this.#commits.idle();
    const exited = new Promise((resolve) => this.#worker.once('exit', resolve));
    await this.#post('close', null);
    await exited;
  }

  async #commit(units: readonly WriteUnit[]): Promise<Committed> {
    const committed = (await this.#post('write', units)) as Committed;
    this.#lsn = committed.lsn;
    return committed;
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
