import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { AnnealError } from '../../../src/base/error.ts';
import { serverErrors } from '../../errors.ts';
import { GroupCommit } from '../group-commit.ts';
import type { InputOf, OutputOf, RequestName } from '../requests.ts';
import type { Store } from '../store.ts';
import type { Committed, WriteUnit, Written } from '../write.ts';
import type { Opened, StoreFiles } from './messages.ts';
import { StoreThread } from './store-thread.ts';

/** These only read, and what they read was committed before they are asked: nobody waits for a commit in between. */
const reads: ReadonlySet<RequestName> = new Set<RequestName>(['loadDocument', 'getProject', 'roleIn']);
/** After so many commits their pages are moved from the write-ahead log into the database, beside further ones. */
const CHECKPOINT_EVERY = 250;
/** While nothing is written the log is moved, too: then it begins anew. */
const QUIET_MS = 500;
/** More pages than a checkpoint beside the commits leaves: a commit sees to it itself. */
const LOG_PAGES = 8_000;

const thread = (name: string, files: StoreFiles): StoreThread =>
  new StoreThread(new URL(`./${name}.worker.ts`, import.meta.url), files);

/** SQLite in threads of its own: one writes, one reads, and one moves the write-ahead log into the database. */
export class SqliteStore implements Store {
  readonly #writer: StoreThread;
  readonly #files: StoreFiles;
  /** Both are started when they are needed first: most stores are small, and are closed soon. */
  #reader: StoreThread | null = null;
  #checkpointer: StoreThread | null = null;
  #readerIsThere = false;
  /** Asked of the thread that writes, and not answered yet. */
  #underWay = 0;
  readonly #commits = new GroupCommit((units) => this.#commit(units));
  #epoch = 0;
  #lsn = 0;
  /** Commits since the last checkpoint. */
  #behind = 0;
  #checkpointing: Promise<unknown> | null = null;
  #quiet: NodeJS.Timeout | null = null;
  #closed = false;

  private constructor(writer: StoreThread, files: StoreFiles) {
    this.#writer = writer;
    this.#files = files;
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
    if (reads.has(name) && this.#mayRead()) return this.#reader?.post(name, input) as Promise<OutputOf<N>>;
    return this.#changed(this.#writer.post(name, input)) as Promise<OutputOf<N>>;
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
    await this.#checkpointing;
    await this.#writer.post('scrub', null);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#commits.idle();
    if (this.#quiet !== null) clearTimeout(this.#quiet);
    // The last connection is the one that moves what is left of the log.
    await Promise.all([this.#reader?.close(), this.#checkpointer?.close()]);
    await this.#writer.close();
  }

  async #commit(units: readonly WriteUnit[]): Promise<Committed> {
    const committed = (await this.#changed(this.#writer.post('write', units))) as Committed;
    this.#lsn = committed.lsn;
    return committed;
  }

  /** Until the thread that reads is there, all is asked of the one that writes. */
  #mayRead(): boolean {
    if (this.#reader === null && this.#underWay > 0 && !this.#closed) {
      this.#reader = thread('reader', this.#files);
      this.#reader.opened.then(
        () => {
          this.#readerIsThere = true;
        },
        () => undefined,
      );
    }
    return this.#readerIsThere;
  }

  /** Much may have been written, or nothing: an empty checkpoint costs next to nothing. */
  async #changed<T>(answer: Promise<T>): Promise<T> {
    this.#behind++;
    this.#underWay++;
    if (this.#behind >= CHECKPOINT_EVERY) this.#checkpoint();
    else if (this.#checkpointer !== null && !this.#closed) this.#watchQuiet();
    try {
      return await answer;
    } finally {
      this.#underWay--;
    }
  }

  #watchQuiet(): void {
    if (this.#quiet !== null) return;
    const before = this.#behind;
    this.#quiet = setTimeout(() => this.#lookQuiet(before), QUIET_MS).unref();
  }

  #lookQuiet(before: number): void {
    this.#quiet = null;
    if (this.#behind === before) this.#checkpoint();
    else if (this.#behind > 0 && !this.#closed) this.#watchQuiet();
  }

  #checkpoint(): void {
    if (this.#closed || this.#checkpointing !== null) return;
    this.#behind = 0;
    this.#checkpointer ??= thread('checkpoint', this.#files);
    this.#checkpointer.opened.catch(() => undefined); // then commits see to it
    this.#checkpointing = this.#checkpointer
      .post('checkpoint', null)
      .catch(() => undefined)
      .finally(() => {
        this.#checkpointing = null;
      });
  }
}
