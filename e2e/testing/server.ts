import { type ChildProcess, spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const root = join(import.meta.dirname, '..', '..');

/** A real server process with a folder of its own, as `npm start` runs it. */
export class StudioServer {
  readonly #data: string;
  readonly #auth: Auth;
  #child: ChildProcess;
  url: string;
  /** What the first start printed, where people sign in. */
  readonly ownerLink: string | null;

  private constructor(data: string, auth: Auth, { child, url, ownerLink }: Launched) {
    this.#data = data;
    this.#auth = auth;
    this.#child = child;
    this.url = url;
    this.ownerLink = ownerLink;
  }

  static async start(auth: Auth = 'off'): Promise<StudioServer> {
    const data = await mkdtemp(join(tmpdir(), 'anneal-journey-'));
    return new StudioServer(data, auth, await launch(data, await freePort(), auth, auth === 'on'));
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
    const { child, url } = await launch(this.#data, port, this.#auth, false);
    this.#child = child;
    this.url = url;
  }

  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#data, { recursive: true, force: true });
  }
}

export type Auth = 'off' | 'on';

interface Launched {
  readonly child: ChildProcess;
  readonly url: string;
  readonly ownerLink: string | null;
}

/**
 * One of those that no system hands out by itself: while the server is away for a while nobody else, such as the
 * browser with a connection of its own, is given the port that it is to come back on.
 */
async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(20_000, 30_000);
    const probe = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      probe.once('error', () => resolve(false));
      probe.listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    await new Promise((resolve) => probe.close(resolve));
    return port;
  }
}

async function launch(data: string, port: number, auth: Auth, isFirst: boolean): Promise<Launched> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', 'server/main.ts', '--port', String(port), '--data', data],
    {
      cwd: root,
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ANNEAL_AUTH: auth },
    },
  );
  let found: string | null = null;
  for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
    const address = /(http:\/\/\S+)/.exec(line)?.[1];
    if (address === undefined) continue;
    found ??= address.replace(/\/$/, '');
    const ownerLink = address.includes('#') ? address : null;
    if (!isFirst || ownerLink !== null) return { child, url: found, ownerLink };
  }
  throw new Error('The server ended before it said where it is.');
}
