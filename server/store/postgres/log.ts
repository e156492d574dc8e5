import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
import type { Client } from 'pg';
import { serverErrors } from '../../errors.ts';
import { change, ensureDocument } from '../requests/documents.ts';
import type { Tables } from '../schema.ts';
import type { DocumentName, Write } from '../write.ts';
import { connect } from './connection.ts';
import { codeOf } from './postgres-error.ts';
import { currentEpoch, Lock, lastLsn } from './prepare.ts';

const FOREIGN_KEY = '23503';
const keyOf = ({ project, path }: DocumentName): string => `${project}\n${path}`;

/** One statement, one round trip, one commit. Numbers are given out once the lock is held, in order. */
const APPEND = `
  with turn as materialized (select pg_advisory_xact_lock(${Lock.log})),
  added as (
    insert into updates (document, data)
    select row.document, row.data
    from turn, unnest($1::bigint[], $2::bytea[]) with ordinality as row(document, data, place)
    order by row.place
    returning seq
  )
  select max(seq) as lsn from added`;

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
  /** Numbers of documents, until one may have gone. */
  readonly #ids = new Map<string, number>();
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

  /** In order; all of it is on disk when this resolves, or none. Answers with the log sequence number. */
  async write(writes: readonly Write[]): Promise<number> {
    const client = await this.open();
    this.#lsn = (await this.#append(client, writes)) ?? (await this.#writeAll(client, writes));
    return this.#lsn;
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = null;
    await client?.end();
  }

  /** The way of every keystroke: documents that are known, and nothing but rows. Null where it is not that. */
  async #append(client: Client, writes: readonly Write[]): Promise<number | null> {
    const documents: number[] = [];
    const data: Uint8Array[] = [];
    for (const write of writes) {
      const id = write.kind === 'append' ? this.#ids.get(keyOf(write)) : undefined;
      if (id === undefined || write.kind !== 'append') return null;
      documents.push(id);
      data.push(write.data);
    }
    try {
      const { rows } = await client.query<{ lsn: number }>({
        name: 'append',
        text: APPEND,
        values: [documents, data],
      });
      return rows[0]?.lsn ?? this.#lsn;
    } catch (error) {
      if (codeOf(error) !== FOREIGN_KEY) throw error;
      this.#ids.clear(); // another server has removed one for good
      return null;
    }
  }

  async #writeAll(client: Client, writes: readonly Write[]): Promise<number> {
    const db = kyselyOn(client);
    const made = new Map<string, number>();
    this.#ids.clear();
    const lsn = await db.transaction().execute(async (transaction) => {
      await client.query('select pg_advisory_xact_lock($1)', [Lock.log]);
      for (const write of writes) {
        if (write.kind === 'append') {
          const document = made.get(keyOf(write)) ?? (await ensureDocument(transaction, write));
          made.set(keyOf(write), document);
          await transaction.insertInto('updates').values({ document, data: write.data }).execute();
        } else {
          made.clear();
          await change(transaction, write);
        }
      }
      return lastLsn(client);
    });
    for (const [key, id] of made) this.#ids.set(key, id);
    return lsn;
  }
}

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
