import { setTimeout as delay } from 'node:timers/promises';
import type { Spread, Typed } from './calls.ts';
import { EngineProcess, LoadProcess } from './processes.ts';
import { RateSearch } from './rate-search.ts';
import type { EngineName } from './wire.ts';

export interface Load {
  readonly connections: number;
  readonly rooms: number;
}

/** What `results` lists; times in milliseconds. */
export interface SyncResult {
  readonly engine: EngineName;
  readonly join_ms: Spread;
  readonly broadcast_ms: Spread;
  readonly ack_ms: Spread;
  readonly updates_per_second: number;
  readonly bytes_per_document: number;
}

export interface SyncDetail extends Load {
  readonly seconds: number;
  readonly rounds: number;
  /** Beyond the idle server, as the system counts it. */
  readonly rss_per_document: number;
  readonly missing: number;
  readonly late_ms: number;
}

export type Measured = SyncResult & SyncDetail;

const JOINS_PER_SECOND = 250;
const FIRST_RATE = 500;
/** The bar that --saturate goes up to. */
const SATURATED_P99_MS = 10;
/** Beyond it the generator, and not the server, is what is measured. */
const LATE_MS = 5;
/** Longer than either engine keeps a document that everybody has left. */
const SETTLE_MS = 11_000;

const warmUp = { connections: 60, rooms: 20, updatesPerSecond: 600, seconds: 3, cycles: 2 };

/** A server that is warm and has forgotten its first visitors, with people in its rooms. */
class Stage {
  readonly engine: EngineName;
  readonly load: Load;
  readonly #server: EngineProcess;
  readonly #generator: LoadProcess;
  #join: Spread | null = null;
  #idle = { rss: 0, used: 0 };

  private constructor(engine: EngineName, load: Load, server: EngineProcess, generator: LoadProcess) {
    this.engine = engine;
    this.load = load;
    this.#server = server;
    this.#generator = generator;
  }

  static async set(engine: EngineName, load: Load): Promise<Stage> {
    const stage = new Stage(engine, load, await EngineProcess.start(engine), new LoadProcess());
    try {
      await stage.#fill();
      return stage;
    } catch (error) {
      await stage.clear();
      throw error;
    }
  }

  type(updatesPerSecond: number, seconds: number): Promise<Typed> {
    return this.#generator.ask({ kind: 'type', updatesPerSecond, seconds }, 'typed');
  }

  async measured(typed: Typed, updatesPerSecond: number, seconds: number): Promise<Measured> {
    const now = await this.#server.memory();
    const { connections, rooms } = this.load;
    return {
      engine: this.engine,
      join_ms: this.#join ?? { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN },
      broadcast_ms: typed.broadcast_ms,
      ack_ms: typed.ack_ms,
      updates_per_second: updatesPerSecond,
      bytes_per_document: Math.round((now.used - this.#idle.used) / rooms),
      connections,
      rooms,
      seconds,
      rounds: 1,
      rss_per_document: Math.round((now.rss - this.#idle.rss) / rooms),
      missing: typed.missing,
      late_ms: typed.late_ms,
    };
  }

  async clear(): Promise<void> {
    await this.#generator.stop();
    await this.#server.stop();
  }

  async #fill(): Promise<void> {
    const { engine } = this;
    const { port } = this.#server;
    const base = { kind: 'join', engine, port, joinsPerSecond: JOINS_PER_SECOND } as const;
    for (let cycle = 0; cycle < warmUp.cycles; cycle++) {
      await this.#generator.ask({ ...base, ...warmUp, kind: 'join', prefix: 'warm-up-' }, 'joined');
      await this.#generator.ask({ ...warmUp, kind: 'type' }, 'typed');
      await this.#generator.ask({ kind: 'leave' }, 'left');
    }
    await delay(SETTLE_MS);
    this.#idle = await this.#server.memory();
    const { join_ms } = await this.#generator.ask({ ...base, ...this.load, prefix: 'load-' }, 'joined');
    this.#join = join_ms;
  }
}

/** Joins, then types at a fixed rate, whether or not the server keeps up. */
export async function measure(
  engine: EngineName,
  load: Load,
  updatesPerSecond: number,
  seconds: number,
): Promise<Measured> {
  const stage = await Stage.set(engine, load);
  try {
    const typed = await stage.type(updatesPerSecond, seconds);
    return await stage.measured(typed, updatesPerSecond, seconds);
  } finally {
    await stage.clear();
  }
}

/** The highest rate with a broadcast p99 of at most 10 ms, of all engines in turn: each tries one rate at a time. */
export async function saturate(
  engines: readonly EngineName[],
  load: Load,
  seconds: number,
  progress: (line: string) => void,
): Promise<Measured[]> {
  const stages: Stage[] = [];
  try {
    for (const engine of engines) stages.push(await Stage.set(engine, load));
    const searches = stages.map((stage) => ({
      stage,
      search: new RateSearch(FIRST_RATE),
      best: null as Typed | null,
    }));
    while (searches.some(({ search }) => search.next !== null)) {
      for (const one of searches) {
        const rate = one.search.next;
        if (rate === null) continue;
        const typed = await one.stage.type(rate, seconds);
        const holds =
          typed.missing === 0 && typed.broadcast_ms.p99 <= SATURATED_P99_MS && typed.late_ms <= LATE_MS;
        if (holds) one.best = typed;
        one.search.tell(holds);
        const p99 = typed.broadcast_ms.p99.toFixed(1);
        progress(
          `${one.stage.engine}: ${rate} updates/s, broadcast p99 ${p99} ms, generator late by ${typed.late_ms.toFixed(1)} ms: ${holds ? 'holds' : 'too much'}`,
        );
      }
    }
    const measured: Measured[] = [];
    for (const { stage, search, best } of searches) {
      if (best === null) throw new Error(`${stage.engine} held no rate at all`);
      measured.push(await stage.measured(best, search.highest, seconds));
    }
    return measured;
  } finally {
    for (const stage of stages) await stage.clear();
  }
}
