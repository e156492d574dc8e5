import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { change } from '../requests/documents.ts';
import type { Tables } from '../schema.ts';
import type { DocumentName, Write } from '../write.ts';

/** The log, without a query builder in between: this is the way that every keystroke takes. */
export class SqliteLog {
  readonly #database: DatabaseSync;
  readonly #db: Kysely<Tables>;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #append: StatementSync;
  readonly #find: StatementSync;
  readonly #make: StatementSync;
  #lsn: number;

  /** `db` must use the same connection, and nothing else may run on it meanwhile. */
  constructor(database: DatabaseSync, db: Kysely<Tables>) {
    this.#database = database;
    this.#db = db;
    this.#begin = database.prepare('begin immediate');
    this.#commit = database.prepare('commit');
    this.#append = database.prepare('insert into updates (document, data) values (?, ?)');
    this.#find = database.prepare('select id from documents where project = ? and path = ?');
    this.#make = database.prepare('insert into documents (project, path) values (?, ?)');
    const last = database.prepare("select seq from sqlite_sequence where name = 'updates'").get();
    this.#lsn = Number(last?.seq ?? 0);
  }

  /** The last number that was given out. */
  get lsn(): number {
    return this.#lsn;
  }

  /** In order; all of it is on disk when this resolves, or none. Answers with the log sequence number. */
  async write(writes: readonly Write[]): Promise<number> {
    let lsn = this.#lsn;
    const ids = new Map<string, number>();
    this.#begin.run();
    try {
      for (const write of writes) {
        if (write.kind === 'append') {
          lsn = Number(this.#append.run(this.#documentId(ids, write), write.data).lastInsertRowid);
        } else {
          ids.clear();
          await change(this.#db, write);
        }
      }
      this.#commit.run();
    } catch (error) {
      // A full disk makes SQLite roll back by itself; a second rollback would hide the first error.
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
    this.#lsn = lsn;
    return lsn;
  }

  #documentId(ids: Map<string, number>, { project, path }: DocumentName): number {
    const key = `${project}\n${path}`;
    const known = ids.get(key);
    if (known !== undefined) return known;
    const found = this.#find.get(project, path)?.id ?? this.#make.run(project, path).lastInsertRowid;
    const id = Number(found);
    ids.set(key, id);
    return id;
  }
}
