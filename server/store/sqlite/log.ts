import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { Kysely } from 'kysely';
import { Broken } from '../broken.ts';
import { change, isCurrent } from '../requests/documents.ts';
import type { Tables } from '../schema.ts';
import type { Committed, DocumentName, FailedUnit, Write, WriteUnit } from '../write.ts';
import { isOwnFault, sqliteError } from './sqlite-error.ts';

/** The log, without a query builder in between: this is the way that every keystroke takes. */
export class SqliteLog {
  readonly #database: DatabaseSync;
  readonly #db: Kysely<Tables>;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #append: StatementSync;
  readonly #find: StatementSync;
  readonly #make: StatementSync;
  readonly #last: StatementSync;
  #lsn: number;
  /** As above, within the transaction. */
  #next = 0;

  /** `db` must use the same connection, and nothing else may run on it meanwhile. */
  constructor(database: DatabaseSync, db: Kysely<Tables>) {
    this.#database = database;
    this.#db = db;
    this.#begin = database.prepare('begin immediate');
    this.#commit = database.prepare('commit');
    this.#append = database.prepare('insert into updates (document, data) values (?, ?)');
    this.#find = database.prepare('select id, generation from documents where project = ? and path = ?');
    this.#make = database.prepare('insert into documents (project, path, generation) values (?, ?, ?)');
    this.#last = database.prepare("select seq from sqlite_sequence where name = 'updates'");
    this.#lsn = this.#lastLsn();
  }

  /** The last number that was given out. */
  get lsn(): number {
    return this.#lsn;
  }

  /**
   * In order; all of it is on disk when this resolves, or none, but for units whose document was replaced and those
   * that cannot be written whatever else is.
   */
  async write(units: readonly WriteUnit[]): Promise<Committed> {
    try {
      return await this.#transaction(units, false);
    } catch (error) {
      if (units.length === 1 || !isOwnFault(error)) throw error;
      return this.#transaction(units, true); // one of them it is: which one is found out only now
    }
  }

  /** `apart`: who cannot be written is left out. */
  async #transaction(units: readonly WriteUnit[], apart: boolean): Promise<Committed> {
    const replaced: number[] = [];
    const failed: FailedUnit[] = [];
    const broken = new Broken();
    const known = new Map<string, Known>();
    this.#next = this.#lsn;
    this.#begin.run();
    try {
      for (const [index, unit] of units.entries()) {
        const before = broken.reason(unit);
        if (before !== null) {
          broken.add(unit, before);
          failed.push({ index, why: before });
          continue;
        }
        if (apart) this.#database.exec('savepoint unit');
        try {
          const written = isPlain(unit) ? this.#appendAll(known, unit) : await this.#changeAll(known, unit);
          if (!written) replaced.push(index);
        } catch (error) {
          if (!apart || !isOwnFault(error)) throw error;
          this.#database.exec('rollback to unit');
          known.clear();
          this.#next = this.#lastLsn();
          const why = sqliteError(error).toJSON();
          broken.add(unit, why);
          failed.push({ index, why });
        }
        if (apart) this.#database.exec('release unit');
      }
      this.#commit.run();
    } catch (error) {
      // A full disk makes SQLite roll back by itself; a second rollback would hide the first error.
      if (this.#database.isTransaction) this.#database.exec('rollback');
      throw error;
    }
    this.#lsn = this.#next;
    return { lsn: this.#lsn, replaced, failed };
  }

  /** What every keystroke is. False, and nothing is done, where a document was replaced. */
  #appendAll(known: Map<string, Known>, unit: readonly Append[]): boolean {
    if (!this.#knows(known, unit)) return false;
    for (const write of unit) this.#appendOne(known, write);
    return true;
  }

  async #changeAll(known: Map<string, Known>, unit: WriteUnit): Promise<boolean> {
    if (!(await isCurrent(this.#db, unit))) return false;
    for (const write of unit) {
      if (write.kind === 'append') {
        this.#appendOne(known, write);
        continue;
      }
      known.clear();
      await change(this.#db, write);
      this.#next = this.#lastLsn();
    }
    return true;
  }

  #appendOne(known: Map<string, Known>, write: Append): void {
    this.#next = Number(this.#append.run(this.#documentId(known, write), write.data).lastInsertRowid);
  }

  /** isCurrent, for what every keystroke is. */
  #knows(known: Map<string, Known>, unit: readonly Append[]): boolean {
    return unit.every((write) => {
      const found = this.#lookUp(known, write);
      return found === undefined ? write.creates : found.generation === write.generation;
    });
  }

  #documentId(known: Map<string, Known>, write: Append): number {
    const found = this.#lookUp(known, write);
    if (found !== undefined) return found.id;
    const { project, path, generation } = write;
    const id = Number(this.#make.run(project, path, generation).lastInsertRowid);
    known.set(keyOf(write), { id, generation });
    return id;
  }

  #lookUp(known: Map<string, Known>, name: DocumentName): Known | undefined {
    const key = keyOf(name);
    const before = known.get(key);
    if (before !== undefined) return before;
    const row = this.#find.get(name.project, name.path);
    if (row === undefined) return undefined;
    const found = { id: Number(row.id), generation: Number(row.generation) };
    known.set(key, found);
    return found;
  }

  /** The last number that was given out, also where its row is gone. */
  #lastLsn(): number {
    return Number(this.#last.get()?.seq ?? 0);
  }
}

type Append = Extract<Write, { kind: 'append' }>;

const isPlain = (unit: WriteUnit): unit is readonly Append[] => unit.every(({ kind }) => kind === 'append');

interface Known {
  readonly id: number;
  readonly generation: number;
}

const keyOf = ({ project, path }: DocumentName): string => `${project}\n${path}`;
