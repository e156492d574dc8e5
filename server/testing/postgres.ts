import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { endProgram, installed, onFreePort, startProgram } from './process.ts';

const DEBIAN = '/usr/lib/postgresql';
export const POSTGRES_MISSING = 'PostgreSQL is not installed (apt install postgresql)';

const ADMINISTRATOR = 'administrator';
/** After a crash all files of all databases are synced: one by one they take a minute on a busy disk. */
const SYNC_AT_ONCE = process.platform === 'linux' ? ['recovery_init_sync_method=syncfs'] : [];

export interface TestPostgres {
  /** Makes an empty database that a user without further rights owns, and answers with its address. */
  database(): Promise<string>;
  /** Ends it as a crash would, and starts it again on what is on disk. */
  crash(): Promise<void>;
  stop(): Promise<void>;
}

function binaries(): string | null {
  try {
    const versions = readdirSync(DEBIAN).sort((a, b) => Number(b) - Number(a));
    return installed(versions.map((version) => join(DEBIAN, version, 'bin')));
  } catch {
    return null;
  }
}

/** PostgreSQL refuses to run as root: then it runs as the user that its package made. */
function user(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  const id = (flag: string): number => Number(execFileSync('id', [flag, 'postgres'], { encoding: 'utf8' }));
  return { uid: id('-u'), gid: id('-g') };
}

/** A real PostgreSQL in a temporary folder on a free port; null where none is installed. */
export async function startPostgres(): Promise<TestPostgres | null> {
  const bin = binaries();
  if (bin === null) return null;
  const as = user();
  const folder = mkdtempSync(join(tmpdir(), 'anneal-postgres-'));
  if (as !== null) chownSync(folder, as.uid, as.gid);
  const data = join(folder, 'data');
  const options = { cwd: folder, ...as };
  execFileSync(
    join(bin, 'initdb'),
    ['-D', data, '-U', ADMINISTRATOR, '-A', 'trust', '-E', 'UTF8', '--no-sync'],
    {
      ...options,
      stdio: 'ignore',
    },
  );
  const settings = ['shared_buffers=16MB', ...SYNC_AT_ONCE].flatMap((setting) => ['-c', setting]);
  const start = (at: number) =>
    startProgram(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(at), '-h', '127.0.0.1', '-k', folder, ...settings],
      /ready to accept connections/,
      options,
    );
  const { port, started } = await onFreePort(start);
  let server = started;
  let made = 0;
  const address = (user: string, database: string): string =>
    `postgres://${user}@127.0.0.1:${port}/${database}`;
  const administer = async (...statements: readonly string[]): Promise<void> => {
    const client = new Client({ connectionString: address(ADMINISTRATOR, 'postgres') });
    await client.connect();
    for (const statement of statements) await client.query(statement);
    await client.end();
  };
  await administer('create role app login');
  return {
    async database() {
      const name = `test${++made}`;
      await administer(`create database ${name} owner app`);
      return address('app', name);
    },
    async crash() {
      await endProgram(server, 'SIGQUIT');
      server = await start(port);
    },
    async stop() {
      await endProgram(server, 'SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
