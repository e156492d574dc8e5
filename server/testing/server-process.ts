import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
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
  const folder = await temporaryFolder();
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
  onTestFinished(() => endProgram(child, 'SIGKILL'));
  const said = once(createInterface(child.stdout), 'line');
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`The server ended with ${code} before it was ready`);
  });
  ended.catch(() => undefined); // later it may end
  const [url] = (await Promise.race([said, ended])) as [string];
  return { url, process: child, kill: () => endProgram(child, 'SIGKILL') };
}
