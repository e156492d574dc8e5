import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');
/** Without what it would have kept everything runs, only slower. */
const PATIENCE_MS = 60_000;

/**
 * From here on Node keeps what it has made of a module, types left out and compiled, for the processes and threads
 * that come after: tests start hundreds of servers and stores. Only who ends in peace writes it down, which those
 * that tests kill do not; so one server is started and stopped here.
 */
export async function keepCompiled(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'node');
  const data = await mkdtemp(join(tmpdir(), 'anneal-compiled-'));
  const args = ['--disable-warning=ExperimentalWarning', 'server/main.ts', '--port', '0', '--data', data];
  // Nobody's database or bucket: what the shell may name for a server of its own.
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('ANNEAL_')));
  const server = spawn(process.execPath, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  const giveUp = setTimeout(() => server.kill('SIGKILL'), PATIENCE_MS);
  // Whether it starts is for the tests to say.
  await Promise.race([once(createInterface(server.stdout), 'line'), ended]);
  server.kill();
  await ended;
  clearTimeout(giveUp);
  await rm(data, { recursive: true, force: true });
}
