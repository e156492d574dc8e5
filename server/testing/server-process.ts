import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { onTestFinished } from 'vitest';
import type { ServerOptions } from '../options.ts';
import { SAMPLE_CONFIG, temporaryFolder } from './fixture.ts';
import { endProgram } from './process.ts';

export interface ServerProcess {
  readonly url: string;
  readonly process: ChildProcess;
  /** With SIGKILL: it gets no chance to write anything down. */
  kill(): Promise<void>;
}

/** A server as a process of its own, as people run it; killed when the test is over. */
export async function serverProcess(options: Partial<ServerOptions> = {}): Promise<ServerProcess> {
  const starting = await launch(await temporaryFolder(), options);
  onTestFinished(() => endProgram(starting.child, 'SIGKILL'));
  return running(starting);
}

/** The same for several tests of a file: who starts it closes it, which removes its folder. */
export async function lastingServerProcess(
  options: Partial<ServerOptions> = {},
): Promise<ServerProcess & { close(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'anneal-'));
  const starting = await launch(folder, options);
  const close = async (): Promise<void> => {
    await endProgram(starting.child, 'SIGKILL');
    await rm(folder, { recursive: true, force: true });
  };
  try {
    return { ...(await running(starting)), close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Starting {
  readonly child: ChildProcess;
  readonly url: Promise<string>;
}

async function launch(folder: string, options: Partial<ServerOptions>): Promise<Starting> {
  const all = {
    port: 0,
    dataDir: join(folder, 'data'),
    studio: { kind: 'none' },
    sampleConfig: SAMPLE_CONFIG,
    ...options,
  };
  const file = join(folder, 'start.mjs');
  await writeFile(
    file,
    `import { startServer } from ${JSON.stringify(new URL('../server.ts', import.meta.url).href)};
     const server = await startServer(${JSON.stringify(all)});
     console.log(server.url);`,
  );
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const said = once(createInterface(child.stdout), 'line');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The server ended with ${code} before it was ready`);
  });
  ended.catch(() => undefined); // later it may end
  return { child, url: Promise.race([said, ended]).then(([url]) => String(url)) };
}

async function running({ child, url }: Starting): Promise<ServerProcess> {
  return { url: await url, process: child, kill: () => endProgram(child, 'SIGKILL') };
}
