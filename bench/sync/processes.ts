import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serverFlags } from '../../cli/setup/server-flags.mjs';
import type { LoadAnswer, LoadRequest, Vitals } from './calls.ts';
import type { EngineName } from './wire.ts';

const SERVER_CORE = 0;
const LOAD_CORE = 1;

/** Whether server and load generator have a core each. */
export const pinned = availableParallelism() >= 2 && spawnSync('taskset', ['--version']).status === 0;

function onCore(core: number, args: readonly string[], stdout: 'pipe' | 'ignore'): ChildProcess {
  const command = [process.execPath, '--disable-warning=ExperimentalWarning', ...args];
  const [program = '', ...rest] = pinned ? ['taskset', '-c', String(core), ...command] : command;
  return spawn(program, rest, { stdio: ['ignore', stdout, 'inherit', 'ipc'] });
}

const at = (...parts: string[]): string => join(import.meta.dirname, ...parts);

async function stop(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
}

/** A server in a process of its own, in a folder of its own. */
export class EngineProcess {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  /** `nodeOptions` go before the script, such as --cpu-prof. */
  static async start(engine: EngineName, nodeOptions: readonly string[] = []): Promise<EngineProcess> {
    const folder = await mkdtemp(join(tmpdir(), 'anneal-bench-'));
    const script =
      engine === 'anneal'
        ? [at('..', '..', 'server', 'main.ts'), '--port', '0', '--studio', 'none', '--data', folder]
        : [at('hocuspocus-process.ts')];
    // Each as people start it.
    const flags = engine === 'anneal' ? serverFlags(pinned ? 1 : undefined) : [];
    const options = ['--expose-gc', ...flags, ...nodeOptions, '--import', at('probe.ts')];
    const child = onCore(SERVER_CORE, [...options, ...script], 'pipe');
    if (child.stdout === null) throw new Error('The server has an output');
    for await (const line of createInterface(child.stdout)) {
      const port = /http:\/\/[^ ]*:(\d+)/.exec(line)?.[1];
      if (port !== undefined) return new EngineProcess(Number(port), child, folder);
    }
    throw new Error(`${engine} did not start`);
  }

  /** Makes it collect its garbage first. */
  async vitals(): Promise<Vitals> {
    const answered = once(this.#child, 'message');
    this.#child.send('vitals');
    const [vitals] = (await answered) as [Vitals];
    return vitals;
  }

  async stop(): Promise<void> {
    await stop(this.#child, 'SIGTERM');
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The load generator; one thing at a time. */
export class LoadProcess {
  readonly #child: ChildProcess = onCore(LOAD_CORE, [at('load-process.ts')], 'ignore');

  async ask<K extends LoadAnswer['kind']>(
    request: LoadRequest,
    kind: K,
  ): Promise<Extract<LoadAnswer, { kind: K }>> {
    const answered = once(this.#child, 'message');
    this.#child.send(request);
    const [answer] = (await answered) as [LoadAnswer];
    if (answer.kind === 'failed') throw new Error(`The load could not be made: ${answer.why}`);
    if (answer.kind !== kind) throw new Error(`The load generator answered ${answer.kind} for ${kind}`);
    return answer as Extract<LoadAnswer, { kind: K }>;
  }

  async stop(): Promise<void> {
    await stop(this.#child, 'SIGKILL');
  }
}
