import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

/** The server under test; it only ever ends by being killed. */
export class ServerProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  /** Its address; null where it ended before it was ready. */
  readonly ready: Promise<string | null>;
  /** What it said on stderr. */
  complaint = '';

  constructor(dataDir: string, environment: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(
      process.execPath,
      ['--disable-warning=ExperimentalWarning', join(import.meta.dirname, 'serve-process.ts'), dataDir],
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...environment } },
    );
    this.#exited = once(this.#child, 'exit');
    this.#child.stderr?.on('data', (chunk: Buffer) => {
      this.complaint += chunk.toString();
    });
    this.ready = this.#firstLine();
  }

  /** Its address; throws with what it complained of where it did not start. */
  async address(): Promise<string> {
    const url = await this.ready;
    if (url === null) throw new Error(`The server did not start: ${this.complaint}`);
    return url;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  async #firstLine(): Promise<string | null> {
    if (this.#child.stdout === null) return null;
    for await (const line of createInterface(this.#child.stdout)) return line;
    return null;
  }
}
