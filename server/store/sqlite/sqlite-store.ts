import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AnnealError } from '../../../src/base/error.ts';
import { serverErrors } from '../../errors.ts';
import { GroupCommit } from '../group-commit.ts';
import { nothingStored } from '../requests/documents.ts';
import type { InputOf, OutputOf, RequestName } from '../requests.ts';
import type { Store } from '../store.ts';
import type { Committed, WriteUnit, Written } from '../write.ts';
import { Checkpoints } from './checkpoints.ts';
import { KnownNames } from './known-names.ts';
import type { Opened, StoreFiles } from './messages.ts';
import { StoreThread } from './store-thread.ts';

/** These only read, and what they read was committed before they are asked: nobody waits for a commit in between. */
const reads: ReadonlySet<RequestName> = new Set<RequestName>(['loadDocument', 'getProject', 'roleIn']);
/** More pages than a checkpoint beside the commits leaves: a commit sees to it itself. */
const LOG_PAGES = 8_000;

const thread = (name: string, files: StoreFiles): StoreThread =>
  new StoreThread(new URL(`./${name}.worker.ts`, import.meta.url), files);

/** SQLite in threads of its own: one writes, one reads, and one moves the write-ahead log into the database. */
export class SqliteStore implements Store {
  readonly #writer: StoreThread;
  readonly #files: StoreFiles;
  readonly #checkpoints: Checkpoints;
  /** Started when it is needed first: most stores are small, and are closed soon. */
  #reader: StoreThread | null = null;
  #readerIsThere = false;
  readonly #commits = new GroupCommit((units) => this.#commit(units));
  #names = new KnownNames();
  #epoch = 0;
  #lsn = 0;
  #closed = false;

  private constructor(writer: StoreThread, files: StoreFiles) {
    this.#writer = writer;
    this.#files = files;
    this.#checkpoints = new Checkpoints(() => thread('checkpoint', files));
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
    const writer = thread('store', { ...files, logPages: LOG_PAGES });
    let opened: Opened;
    try {
      opened = (await writer.opened) as Opened;
    } catch (error) {
      if (!(error instanceof AnnealError)) throw error;
      throw new AnnealError({ ...error.toJSON(), where: folder }, { cause: error });
    }
    const store = new SqliteStore(writer, files);
    store.#names = new KnownNames(opened.names);
    store.#epoch = opened.epoch;
    store.#lsn = opened.lsn;
    return store;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get lsn(): number {
    return this.#lsn;
  }

  call<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    if (name === 'loadDocument') {
      const asked = input as InputOf<'loadDocument'>;
      if (!this.#names.mayHave(asked)) return Promise.resolve(nothingStored(asked.after) as OutputOf<N>);
    }
    const reader = reads.has(name) ? this.#readerNow() : null;
    if (reader !== null) return reader.post(name, input) as Promise<OutputOf<N>>;
    return this.#checkpoints.after(this.#writer.post(name, input)) as Promise<OutputOf<N>>;
  }

  write(...unit: WriteUnit): Promise<Written> {
    return this.#commits.write(unit);
  }

  async backup(file: string): Promise<void> {
    try {
      await this.#writer.post('backup', file);
    } catch (cause) {
      throw serverErrors.backupFailed({ where: file, cause });
    }
  }

  async scrub(): Promise<void> {
    await this.#checkpoints.hold(() => this.#writer.post('scrub', null));
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#checkpoints.stop();
    await this.#commits.idle();
    // The last connection is the one that moves what is left of the log, and the one that holds the folder: it is
    // closed also where another has failed.
    await Promise.allSettled([this.#reader?.close(), this.#checkpoints.close()]);
    await this.#writer.close();
  }

  async #commit(units: readonly WriteUnit[]): Promise<Committed> {
    const committed = (await this.#checkpoints.after(this.#writer.post('write', units))) as Committed;
    this.#lsn = committed.lsn;
    return committed;
  }

  /** Null until it is there, and while nobody else may look at the files: then all is asked of the one that writes. */
  #readerNow(): StoreThread | null {
    if (this.#checkpoints.isHeld) return null;
    if (this.#readerIsThere && this.#reader?.failed !== null) {
      this.#reader = null; // it has died
      this.#readerIsThere = false;
    }
    if (this.#reader === null && this.#checkpoints.isWriting && !this.#closed) {
      this.#reader = thread('reader', this.#files);
      this.#reader.opened.then(
        () => {
          this.#readerIsThere = true;
        },
        () => undefined,
      );
    }
    return this.#readerIsThere ? this.#reader : null;
  }
}
