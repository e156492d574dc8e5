import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

/**
 * From here on Node keeps what it has made of a module, types left out and compiled, for the processes and threads
 * that come after: tests start hundreds of servers and stores. Only who ends in peace writes it down, which those
 * that tests kill do not; so one server is started and stopped here.
 */
export async function keepCompiled(): Promise<void> {
  process.env.NODE_COMPILE_CACHE ??= join(root, 'node_modules', '.cache', 'node');
  const data = await mkdtemp(join(tmpdir(), 'anneal-compiled-'));
  const args = ['--disable-warning=ExperimentalWarning', 'server/main.ts', '--port', '0', '--data', data];
  const server = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(server, 'exit');
  // Whether it starts is for the tests to say.
  await Promise.race([once(createInterface(server.stdout), 'line'), ended]);
  server.kill();
  await ended;
  await rm(data, { recursive: true, force: true });
}
