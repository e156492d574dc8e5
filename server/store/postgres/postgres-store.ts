import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Kysely, PostgresDialect } from 'kysely';
import type { AnnealError } from '../../../src/base/error.ts';
import { serverErrors } from '../../errors.ts';
import { GroupCommit } from '../group-commit.ts';
import { type InputOf, type OutputOf, type RequestName, requests } from '../requests.ts';
import type { Tables } from '../schema.ts';
import type { Store } from '../store.ts';
import { Watermark } from '../watermark.ts';
import type { Committed, WriteUnit, Written } from '../write.ts';
import { connectPool } from './connection.ts';
import { PostgresLog } from './log.ts';
import { codeOf, postgresError } from './postgres-error.ts';
import { type Prepared, prepareDatabase } from './prepare.ts';

export interface PostgresOptions {
  /** postgres://user:password@host:5432/database */
  readonly url: string;
  /** This server's own folder: what it acknowledged last is remembered there. */
  readonly folder: string;
  /** Whether other servers may use the database at the same time. */
  readonly shared: boolean;
}

/** A conflict of two transactions, or a row that another has just made: asked again, it sees the other's work. */
const TRY_AGAIN = new Set(['40001', '40P01', '23505']);
const TRIES = 12;

export class PostgresStore implements Store {
  readonly epoch: number;
  #lsn: number;
  readonly #db: Kysely<Tables>;
  readonly #log: PostgresLog;
  readonly #watermark: Watermark;
  readonly #commits = new GroupCommit((units) => this.#commit(units));
  /** Requests that met a conflict go on one after the other. */
  #turn: Promise<unknown> = Promise.resolve();
  readonly #running = new Set<Promise<unknown>>();
  /** Why nothing is done any more, once that is so. */
  #over: AnnealError | null = null;
  #closed = false;
  /** Called with every commit, before anybody else is told. */
  onCommitted: (lsn: number) => void = () => undefined;

  private constructor(url: string, log: PostgresLog, watermark: Watermark, { epoch, lsn }: Prepared) {
    this.#db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: async () => connectPool(url) }) });
    this.#log = log;
    this.#watermark = watermark;
    this.epoch = epoch;
    this.#lsn = lsn;
  }

  /** Errors: databaseUnreachable, databaseUnsafe, databaseShared, newerData, dataUnusable. */
  static async open({ url, folder, shared }: PostgresOptions): Promise<PostgresStore> {
    try {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    } catch (cause) {
      throw serverErrors.dataUnusable({ where: folder, cause });
    }
    const path = join(folder, 'postgres.watermark');
    try {
      const prepared = await prepareDatabase(url, Watermark.read(path));
      const { epoch, lsn } = prepared;
      const log = new PostgresLog({ url, shared, epoch, lsn });
      await log.open();
      const watermark = new Watermark(path, prepared.lineage);
      watermark.write(epoch, lsn);
      return new PostgresStore(url, log, watermark, prepared);
    } catch (error) {
      throw postgresError(error);
    }
  }

  get lsn(): number {
    return this.#lsn;
  }

  /** Another server's commit: it is in the same log. */
  heard(lsn: number): void {
    this.#lsn = Math.max(this.#lsn, lsn);
  }

  async call<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    if (this.#over !== null) throw this.#over;
    const done = this.#call(name, input);
    this.#running.add(done);
    try {
      return await done;
    } catch (error) {
      throw postgresError(error);
    } finally {
      this.#running.delete(done);
    }
  }

  write(...unit: WriteUnit): Promise<Written> {
    return this.#over === null ? this.#commits.write(unit) : Promise.reject(this.#over);
  }

  /** PostgreSQL does it by itself, in its own time. */
  async scrub(): Promise<void> {}

  backup(_file: string): Promise<void> {
    return Promise.reject(serverErrors.backupElsewhere());
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#over ??= serverErrors.storeFailed({ message: 'The store has been closed' });
    await this.#commits.idle();
    await Promise.allSettled(this.#running);
    await this.#log.close();
    await this.#db.destroy();
    await this.#watermark.close();
  }

  async #commit(units: readonly WriteUnit[]): Promise<Committed> {
    try {
      const committed = await this.#log.write(units);
      const { lsn } = committed;
      this.#watermark.write(this.epoch, lsn); // before anybody is told
      this.heard(lsn);
      this.onCommitted(lsn);
      return committed;
    } catch (thrown) {
      const error = postgresError(thrown);
      // Nothing in memory can be trusted any more: a new start begins with what the database holds.
      if (error.code === serverErrors.databaseReplaced.code) this.#over ??= error;
      throw error;
    }
  }

  async #call<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    try {
      return await this.#once(name, input);
    } catch (error) {
      if (!TRY_AGAIN.has(codeOf(error))) throw error;
    }
    const again = this.#turn.then(() => this.#again(name, input));
    this.#turn = again.catch(() => undefined);
    return again;
  }

  async #again<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    for (let tries = 2; ; tries++) {
      try {
        return await this.#once(name, input);
      } catch (error) {
        if (!TRY_AGAIN.has(codeOf(error)) || tries >= TRIES) throw error;
        // Two servers that collide again and again fall out of step.
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 4 ** Math.min(tries, 4)));
      }
    }
  }

  /** As if nothing else happened meanwhile, which is what SQLite's one thread gives by itself. */
  #once<N extends RequestName>(name: N, input: InputOf<N>): Promise<OutputOf<N>> {
    // The pair of name and input was type-checked where the request was made.
    const request = requests[name] as unknown as (
      db: Kysely<Tables>,
      input: InputOf<N>,
    ) => Promise<OutputOf<N>>;
    return this.#db
      .transaction()
      .setIsolationLevel('serializable')
      .execute((transaction) => request(transaction, input));
  }
}
