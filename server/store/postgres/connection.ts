import { Client, type ClientBase, type ClientConfig, Pool, types } from 'pg';
import { serverErrors } from '../../errors.ts';

const INT8 = 20;

/** Whole numbers are numbers on both databases: none of ours grows beyond 2^53. */
const numbers = {
  getTypeParser(oid: number, format?: 'text' | 'binary') {
    if (oid === INT8 && format !== 'binary') return Number;
    return format === 'binary' ? types.getTypeParser(oid, 'binary') : types.getTypeParser(oid, 'text');
  },
} as ClientConfig['types'];

function config(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: 'anneal',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
    query_timeout: 60_000,
    ...(numbers === undefined ? {} : { types: numbers }),
  };
}

/** A dead server's locks are let go when its connection is found dead, which is within half a minute. */
const SESSION = `
  set tcp_keepalives_idle = 15;
  set tcp_keepalives_interval = 5;
  set tcp_keepalives_count = 3;
  set default_transaction_isolation = 'read committed';
  set statement_timeout = '50s';
  set idle_in_transaction_session_timeout = '60s';
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';
`;

/** `patient`: for what may take minutes, such as bringing a large database up to date. */
export async function connect(url: string, patient = false): Promise<Client> {
  const client = new Client({ ...config(url), ...(patient ? { query_timeout: 0 } : {}) });
  client.on('error', () => undefined); // whoever asks next learns of it
  try {
    await client.connect();
    await prepareSession(client);
    if (patient) await client.query('set statement_timeout = 0');
    return client;
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
}

export function connectPool(url: string): Pool {
  const pool = new Pool({ ...config(url), max: 8, idleTimeoutMillis: 60_000, onConnect: prepareSession });
  pool.on('error', () => undefined); // an idle connection has ended; the pool opens another
  return pool;
}

async function prepareSession(client: ClientBase): Promise<void> {
  await client.query(SESSION);
}

/** What is acknowledged must survive a power cut: a database that is told not to care is refused. */
export async function requireDurable(client: Client): Promise<void> {
  const { rows } = await client.query<{ name: string }>(
    "select name from pg_settings where name in ('fsync', 'full_page_writes') and setting = 'off'",
  );
  const [off] = rows;
  if (off === undefined) return;
  throw serverErrors.databaseUnsafe({ message: `${serverErrors.databaseUnsafe.title}: ${off.name} is off` });
}
