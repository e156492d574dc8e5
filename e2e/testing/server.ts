import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

/** A real server process with a folder of its own, as `npm start` runs it. */
export class StudioServer {
  readonly #data: string;
  #child: ChildProcess;
  url: string;

  private constructor(data: string, child: ChildProcess, url: string) {
    this.#data = data;
    this.#child = child;
    this.url = url;
  }

  static async start(): Promise<StudioServer> {
    const data = await mkdtemp(join(tmpdir(), 'anneal-journey-'));
    const { child, url } = await launch(data, 0);
    return new StudioServer(data, child, url);
  }

  get port(): number {
    return Number(new URL(this.url).port);
  }

  /** As a power cut does: no chance to finish anything. */
  async kill(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const gone = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await gone;
  }

  /** The same folder on the same port, as after a restart. */
  async restart(): Promise<void> {
    const port = this.port;
    await this.kill();
    const { child, url } = await launch(this.#data, port);
    this.#child = child;
    this.url = url;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#data, { recursive: true, force: true });
  }
}

async function launch(
  data: string,
  port: number,
): Promise<{ readonly child: ChildProcess; readonly url: string }> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'server/main.ts', '--port', String(port), '--data', data],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const url = /(http:\/\/\S+)/.exec(line)?.[1];
    if (url !== undefined) return { child, url: url.replace(/\/$/, '') };
  }
  throw new Error('The server ended before it said where it is.');
}
