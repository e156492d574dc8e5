import { randomBytes } from 'node:crypto';
import type { Client } from 'pg';
import { type Mark, newEpoch } from '../epoch.ts';
import { postgresWords } from '../migrations/migration.ts';
import { migrations, NewerDatabase } from '../migrations/migrations.ts';
import { connect, requireDurable } from './connection.ts';

/** Numbers of advisory locks; each database has its own. */
export const Lock = {
  /** Held while the database is brought up to date. */
  prepare: 0x616e_0001,
  /** Held for as long as a server runs: alone, or together with others that have the same Redis. */
  server: 0x616e_0002,
  /** Held while rows of the log are written, so that their numbers grow in the order of commits. */
  log: 0x616e_0003,
} as const;

export interface Prepared {
  readonly epoch: number;
  readonly lsn: number;
  /** Of this database and of whatever is put back into it; a mark says that it speaks of it. */
  readonly lineage: bigint;
}

/** Brings the database up to date and says which life of the log this is. */
export async function prepareDatabase(url: string, mark: Mark | null): Promise<Prepared> {
  const client = await connect(url, true);
  try {
    await requireDurable(client);
    await client.query('begin');
    await client.query('select pg_advisory_xact_lock($1)', [Lock.prepare]);
    await migrate(client);
    const prepared = await settleEpoch(client, mark);
    await client.query('commit');
    return prepared;
  } finally {
    await client.end();
  }
}

async function migrate(client: Client): Promise<void> {
  await client.query('create table if not exists migrations (version bigint not null)');
  const { rows } = await client.query<{ version: number }>('select version from migrations');
  const version = rows[0]?.version ?? 0;
  if (version > migrations.length) throw new NewerDatabase(version);
  for (const migration of migrations.slice(version)) await client.query(migration(postgresWords));
  await client.query('delete from migrations');
  await client.query('insert into migrations values ($1)', [migrations.length]);
}

/**
 * PostgreSQL itself says when it went another way than before: a restore to a point in time and a standby that
 * took over have a new timeline, another cluster or a database made anew has another number. The mark of this
 * server's folder shows where an older state was put into the very same database: it speaks of more than the log
 * holds, or of an epoch that the database has never heard of.
 */
async function settleEpoch(client: Client, mark: Mark | null): Promise<Prepared> {
  // No other server has rows on the way: what is behind this number has been committed, or never will be.
  await client.query('select pg_advisory_xact_lock($1)', [Lock.log]);
  const lsn = await lastLsn(client);
  const cluster = await clusterOf(client);
  const setting = await readSettings(client);
  const stored = setting('epoch') === undefined ? null : Number(setting('epoch'));
  const lineage = setting('lineage') ?? String(randomBytes(8).readBigUInt64LE());
  const past = (setting('epochs') ?? '').split(',').filter(Boolean).map(Number);
  // The folder of another database says nothing about this one. Marks of the first version name no lineage.
  const ours = mark !== null && (mark.identity === 0n || mark.identity === BigInt(lineage)) ? mark : null;
  const isPast = (epoch: number): boolean =>
    past.includes(epoch) || (ours?.identity === 0n && past.length === 0);
  const isWhole =
    stored !== null &&
    setting('cluster') === cluster &&
    (ours === null || (ours.epoch === stored ? ours.lsn <= lsn : isPast(ours.epoch)));
  const epoch = isWhole ? stored : newEpoch([stored, ours?.epoch, ...past]);
  // With the one that it had not heard of: the other servers' marks of it are past from now on.
  const known = new Set([...past, stored, ours?.epoch, epoch].filter((one) => one != null));
  await client.query(
    `insert into settings values ('epoch', $1), ('cluster', $2), ('lineage', $3), ('epochs', $4)
     on conflict (key) do update set value = excluded.value`,
    [String(epoch), cluster, lineage, [...known].join(',')],
  );
  return { epoch, lsn, lineage: BigInt(lineage) };
}

async function readSettings(client: Client): Promise<(key: string) => string | undefined> {
  const { rows } = await client.query<{ key: string; value: string }>(
    "select key, value from settings where key in ('epoch', 'cluster', 'lineage', 'epochs')",
  );
  return (key) => rows.find((row) => row.key === key)?.value;
}

/** What must stay the same for as long as a server uses the database; throws where it does not. */
export async function currentEpoch(
  client: Client,
): Promise<Pick<Prepared, 'epoch' | 'lsn'> & { readonly sameCluster: boolean }> {
  const setting = await readSettings(client);
  const cluster = await clusterOf(client);
  return {
    epoch: Number(setting('epoch') ?? 0),
    lsn: await lastLsn(client),
    sameCluster: setting('cluster') === cluster,
  };
}

/** The last number that the log gave out, also where its rows are gone. */
export async function lastLsn(client: Client): Promise<number> {
  const { rows } = await client.query<{ lsn: number | null }>(
    "select pg_sequence_last_value(pg_get_serial_sequence('updates', 'seq')::regclass) as lsn",
  );
  return rows[0]?.lsn ?? 0;
}

async function clusterOf(client: Client): Promise<string> {
  const { rows: rights } = await client.query<{ may: boolean }>(
    "select has_function_privilege('pg_control_system()', 'execute') as may",
  );
  // Where it is kept from us, timeline and database must do.
  const system = rights[0]?.may === true ? '(select system_identifier from pg_control_system())' : 'null';
  const { rows } = await client.query<{ cluster: string }>(
    `select concat_ws('/',
       ${system},
       substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8),
       (select oid from pg_database where datname = current_database())) as cluster`,
  );
  return rows[0]?.cluster ?? '';
}
