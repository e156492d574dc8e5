import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endProgram, installed, onFreePort, startProgram } from './process.ts';

export const REDIS_MISSING = 'Redis is not installed (apt install redis-server)';

export interface TestRedis {
  readonly url: string;
  /** Ends it as a crash would; `start` brings it back, empty, at the same address. */
  crash(): Promise<void>;
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** A real Redis on a free port; null where none is installed. */
export async function startRedis(): Promise<TestRedis | null> {
  const program = installed(['/usr/bin/redis-server', '/usr/local/bin/redis-server']);
  if (program === null) return null;
  const folder = mkdtempSync(join(tmpdir(), 'anneal-redis-'));
  const flags = ['--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', folder];
  const run = (at: number) =>
    startProgram(program, ['--port', String(at), ...flags], /Ready to accept connections/);
  const { port, started } = await onFreePort(run);
  let server = started;
  return {
    url: `redis://127.0.0.1:${port}`,
    crash: () => endProgram(server, 'SIGKILL'),
    async start() {
      server = await run(port);
    },
    async stop() {
      await endProgram(server, 'SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
