import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import type { Client } from 'pg';
import { serverErrors } from '../../errors.ts';
import { Broken } from '../broken.ts';
import { change, ensureDocument, isCurrent } from '../requests/documents.ts';
import type { Tables } from '../schema.ts';
import type { Committed, DocumentName, FailedUnit, Generation, WriteUnit } from '../write.ts';
import { connect } from './connection.ts';
import { codeOf, isOwnFault, postgresError } from './postgres-error.ts';
import { currentEpoch, Lock, lastLsn } from './prepare.ts';

const FOREIGN_KEY = '23503';
/** What PostgreSQL itself said, and the connection is as good as before. */
const SQLSTATE = /^(?=.*\d)[0-9A-Z]{5}$/;

/**
 * The way of every keystroke: one statement, one round trip, one commit. Numbers are given out once the lock is
 * held, in order. Documents are found by name and life each time, since another server may have moved them or begun
 * them anew; where one is not there nothing is written. What a statement sees is as old as its beginning, and it
 * may have waited for the lock: with the row lock it looks at the document as it is now.
 */
const APPEND = `
  with turn as materialized (select pg_advisory_xact_lock(${Lock.log})),
  named as materialized (
    select documents.id as document, row.data, row.place
    from turn
    cross join unnest($1::text[], $2::text[], $3::bigint[], $4::bytea[])
      with ordinality as row(project, path, generation, data, place)
    join documents on documents.project = row.project and documents.path = row.path
      and documents.generation = row.generation
    for share of documents
  ),
  added as (
    insert into updates (document, data)
    select document, data from named
    where (select count(*) from named) = cardinality($1::text[])
    order by place
    returning seq
  )
  select max(seq) as lsn, (select value from settings where key = 'epoch') as epoch from added`;

/** The same for documents that are known to be there, in a transaction that holds the lock. */
const INSERT = `
  insert into updates (document, data)
  select row.document, row.data
  from unnest($1::bigint[], $2::bytea[]) with ordinality as row(document, data, place)
  order by row.place`;

export interface LogOptions {
  readonly url: string;
  /** Several servers may use the database; else this one keeps others off. */
  readonly shared: boolean;
  readonly epoch: number;
  readonly lsn: number;
}

/** The log on a connection of its own, which also holds the lock that says that a server runs. */
export class PostgresLog {
  readonly #options: LogOptions;
  #client: Client | null = null;
  #lsn: number;

  constructor(options: LogOptions) {
    this.#options = options;
    this.#lsn = options.lsn;
  }

  /** Takes the connection, or takes it again: the database must be the one that it was. */
  async open(): Promise<Client> {
    if (this.#client !== null) return this.#client;
    const { url, shared, epoch } = this.#options;
    const client = await connect(url);
    try {
      await client.query("set lock_timeout = '3s'");
      await client.query(`select pg_advisory_lock${shared ? '_shared' : ''}($1)`, [Lock.server]);
      await client.query('set lock_timeout = 0');
      const now = await currentEpoch(client);
      if (now.epoch !== epoch || !now.sameCluster || now.lsn < this.#lsn)
        throw serverErrors.databaseReplaced();
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    client.once('end', () => {
      if (this.#client === client) this.#client = null;
    });
    return client;
  }

  /**
   * In order; all of it is on disk when this resolves, or none, but for units whose document was replaced and those
   * that cannot be written whatever else is.
   */
  async write(units: readonly WriteUnit[]): Promise<Committed> {
    const client = await this.open();
    try {
      const committed = await this.#commit(client, units);
      this.#lsn = committed.lsn;
      return committed;
    } catch (error) {
      if (!SQLSTATE.test(codeOf(error)) && this.#client === client) {
        this.#client = null; // whether it is alive is not known: the next write takes another
        void client.end().catch(() => undefined);
      }
      throw error;
    }
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  async #commit(client: Client, units: readonly WriteUnit[]): Promise<Committed> {
    try {
      const appended = await this.#append(client, units.flat());
      if (appended !== null) return { lsn: appended, replaced: [], failed: [] };
      return await this.#writeAll(client, units, false);
    } catch (error) {
      if (units.length === 1 || !isOwnFault(error)) throw error;
      return this.#writeAll(client, units, true); // one of them it is: which one is found out only now
    }
  }

  /** Null, and nothing done, where the writes are more than rows for documents that are there. */
  async #append(client: Client, writes: WriteUnit): Promise<number | null> {
    const rows = writes.filter((write) => write.kind === 'append');
    if (rows.length < writes.length) return null;
    try {
      const { rows: answer } = await client.query<{ lsn: number | null; epoch: string | null }>({
        name: 'append',
        text: APPEND,
        values: [
          rows.map(({ project }) => project),
          rows.map(({ path }) => path),
          rows.map(({ generation }) => generation),
          rows.map(({ data }) => data),
        ],
      });
      await this.#requireEpoch(answer[0]?.epoch);
      return answer[0]?.lsn ?? null;
    } catch (error) {
      if (codeOf(error) !== FOREIGN_KEY) throw error;
      return null; // another server has removed one for good, in this very moment
    }
  }

  /** Another server has seen that the database was put back: nothing is promised in the old epoch any more. */
  async #requireEpoch(epoch: string | null | undefined): Promise<void> {
    if (Number(epoch ?? 0) === this.#options.epoch) return;
    await this.close(); // and opening it again says the same
    throw serverErrors.databaseReplaced();
  }

  /** Whatever it is, one thing after the other in one transaction. `apart`: who cannot be written is left out. */
  async #writeAll(client: Client, units: readonly WriteUnit[], apart: boolean): Promise<Committed> {
    const replaced: number[] = [];
    const failed: FailedUnit[] = [];
    const broken = new Broken();
    const lsn = await kyselyOn(client)
      .transaction()
      .execute(async (transaction) => {
        await client.query('select pg_advisory_xact_lock($1)', [Lock.log]);
        const rows = new Rows(client);
        for (const [index, unit] of units.entries()) {
          const before = broken.reason(unit);
          if (before !== null) {
            broken.add(unit, before);
            failed.push({ index, why: before });
            continue;
          }
          if (apart) await client.query('savepoint unit');
          try {
            if (!(await writeUnit(transaction, rows, unit))) replaced.push(index);
            if (apart) await rows.flush();
          } catch (error) {
            if (!apart || !isOwnFault(error)) throw error;
            await client.query('rollback to savepoint unit');
            rows.forget();
            const why = postgresError(error).toJSON();
            broken.add(unit, why);
            failed.push({ index, why });
          }
          if (apart) await client.query('release savepoint unit');
        }
        await rows.flush();
        return lastLsn(client);
      });
    const { rows: settings } = await client.query<{ value: string }>(
      "select value from settings where key = 'epoch'",
    );
    await this.#requireEpoch(settings[0]?.value);
    return { lsn, replaced, failed };
  }
}

/** Rows of a transaction that go in with one statement. */
class Rows {
  /** Documents that were looked up in this transaction, where nothing but rows has been written since. */
  readonly known = new Map<string, number>();
  readonly #client: Client;
  #documents: number[] = [];
  #data: Uint8Array[] = [];

  constructor(client: Client) {
    this.#client = client;
  }

  add(document: number, data: Uint8Array): void {
    this.#documents.push(document);
    this.#data.push(data);
  }

  async flush(): Promise<void> {
    if (this.#data.length > 0) await this.#client.query(INSERT, [this.#documents, this.#data]);
    this.#documents = [];
    this.#data = [];
  }

  /** What was done has been undone. */
  forget(): void {
    this.known.clear();
    this.#documents = [];
    this.#data = [];
  }
}

/** False, and nothing is done, where a document was replaced. */
async function writeUnit(transaction: Kysely<Tables>, rows: Rows, unit: WriteUnit): Promise<boolean> {
  const { known } = rows;
  if (unit.some(({ kind }) => kind !== 'append')) await rows.flush(); // it looks at what is there
  const isKnown = unit.every((write) => write.kind === 'append' && known.has(lifeOf(write)));
  if (!isKnown && !(await isCurrent(transaction, unit))) return false;
  for (const write of unit) {
    if (write.kind === 'append') {
      const key = lifeOf(write);
      const document = known.get(key) ?? (await ensureDocument(transaction, write, write.generation));
      known.set(key, document);
      rows.add(document, write.data);
    } else {
      await rows.flush();
      known.clear();
      await change(transaction, write);
    }
  }
  return true;
}

const lifeOf = ({ project, path, generation }: DocumentName & Generation): string =>
  `${generation}\n${project}\n${path}`;

/** The query builder on one connection that somebody else opens and ends. */
function kyselyOn(client: Client): Kysely<Tables> {
  const lent = {
    query: client.query.bind(client),
    release: () => undefined,
  } as unknown as PostgresPoolClient;
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: { connect: async () => lent, end: async () => undefined } }),
  });
}
