import { availableParallelism } from 'node:os';
import { machine } from '../report.ts';
import type { Actor, Entrant } from './calls.ts';
import type { ChromiumContest } from './chromium.ts';
import { startNodeActor } from './node-actor.ts';
import { HOW_TO_GET_TORCH, pythonWithTorch, startPythonActor, type Threads } from './python-actor.ts';

/** Where entrants get their processes from; all of them end with it. */
export class Stage {
  readonly #actors = new Set<Actor>();
  #chromium: Promise<ChromiumContest> | null = null;
  #python: string | null | undefined;
  readonly #stopped = (signal: NodeJS.Signals): void => {
    void this.close().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };

  constructor() {
    process.once('SIGINT', this.#stopped);
    process.once('SIGTERM', this.#stopped);
  }

  /** Throws where the entrant cannot exist on this machine, with a sentence that says why. */
  async start(entrant: Pick<Entrant, 'where'>, threads: Threads = { omp: 1, blas: 1 }): Promise<Actor> {
    const actor = await this.#start(entrant, threads);
    this.#actors.add(actor);
    return {
      ...actor,
      close: async () => {
        this.#actors.delete(actor);
        await actor.close();
      },
    };
  }

  async #start({ where }: Pick<Entrant, 'where'>, threads: Threads): Promise<Actor> {
    if (where === 'node') return startNodeActor();
    if (where === 'chromium') {
      this.#chromium ??= import('./chromium.ts').then(({ openChromium }) => openChromium());
      return (await this.#chromium).start();
    }
    if (this.#python === undefined) this.#python = pythonWithTorch();
    if (this.#python === null) throw new Error(HOW_TO_GET_TORCH);
    return startPythonActor(this.#python, threads);
  }

  /** The machine in words, with the browser where one took part. */
  async machine(): Promise<string> {
    const version = (await this.#chromium)?.version;
    return version === undefined ? machine() : `${machine()}, Chromium ${version}`;
  }

  async close(): Promise<void> {
    process.off('SIGINT', this.#stopped);
    process.off('SIGTERM', this.#stopped);
    // The browser ends with all its workers; one that hangs must not keep the others alive.
    const browser = await this.#chromium?.catch(() => null);
    await Promise.allSettled([browser?.close(), ...[...this.#actors].map((actor) => actor.close())]);
  }
}

/** What OMP and OpenBLAS are tried with: one thread and all, each with each. */
export function threadSettings(): readonly Threads[] {
  const counts = [...new Set([1, Math.min(2, availableParallelism())])];
  return counts.flatMap((omp) => counts.map((blas) => ({ omp, blas })));
}
