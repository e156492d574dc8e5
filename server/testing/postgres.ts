import { execFileSync } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Client } from 'pg';
import { endProgram, freePort, installed, startProgram } from './process.ts';

const DEBIAN = '/usr/lib/postgresql';
export const POSTGRES_MISSING = 'PostgreSQL is not installed (apt install postgresql)';

export interface TestPostgres {
  /** Makes an empty database and answers with its address. */
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
  execFileSync(join(bin, 'initdb'), ['-D', data, '-U', 'anneal', '-A', 'trust', '-E', 'UTF8', '--no-sync'], {
    ...options,
    stdio: 'ignore',
  });
  const port = await freePort();
  const start = () =>
    startProgram(
      join(bin, 'postgres'),
      ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', folder, '-c', 'shared_buffers=16MB'],
      /ready to accept connections/,
      options,
    );
  let server = await start();
  let made = 0;
  const address = (database: string): string => `postgres://anneal@127.0.0.1:${port}/${database}`;
  return {
    async database() {
      const client = new Client({ connectionString: address('postgres') });
      await client.connect();
      const name = `test${++made}`;
      await client.query(`create database ${name}`);
      await client.end();
      return address(name);
    },
    async crash() {
      await endProgram(server, 'SIGQUIT');
      server = await start();
    },
    async stop() {
      await endProgram(server, 'SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
