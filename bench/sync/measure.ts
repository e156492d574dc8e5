import { setTimeout as delay } from 'node:timers/promises';
import type { Spread, Typed, Vitals } from './calls.ts';
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
  /** Processor time of the server, all threads. */
  readonly cpu_us_per_join: number;
  readonly cpu_us_per_update: number;
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

interface Run {
  readonly typed: Typed;
  readonly cpu_us_per_update: number;
}

/** A server that is warm and has forgotten its first visitors, with people in its rooms. */
class Stage {
  readonly engine: EngineName;
  readonly load: Load;
  readonly #server: EngineProcess;
  readonly #generator: LoadProcess;
  #join: Spread = { p50: Number.NaN, p95: Number.NaN, p99: Number.NaN };
  #idle: Vitals | null = null;
  #cpuPerJoin = Number.NaN;

  private constructor(engine: EngineName, load: Load, server: EngineProcess, generator: LoadProcess) {
    this.engine = engine;
    this.load = load;
    this.#server = server;
    this.#generator = generator;
  }

  static async set(engine: EngineName, load: Load): Promise<Stage> {
    const stage = new Stage(engine, load, await EngineProcess.start(engine), new LoadProcess());
    try {
      await stage.#warmUp();
      await stage.#fill();
      return stage;
    } catch (error) {
      await stage.clear();
      throw error;
    }
  }

  async type(updatesPerSecond: number, seconds: number): Promise<Run> {
    const before = await this.#server.vitals();
    const typed = await this.#generator.ask({ kind: 'type', updatesPerSecond, seconds }, 'typed');
    const after = await this.#server.vitals();
    const cpu = after.cpu_until_ms - before.cpu_from_ms;
    return { typed, cpu_us_per_update: Math.round((cpu * 1000) / typed.updates) };
  }

  async measured(
    { typed, cpu_us_per_update }: Run,
    updatesPerSecond: number,
    seconds: number,
  ): Promise<Measured> {
    const now = await this.#server.vitals();
    const idle = this.#idle ?? now;
    const { connections, rooms } = this.load;
    return {
      engine: this.engine,
      join_ms: this.#join,
      broadcast_ms: typed.broadcast_ms,
      ack_ms: typed.ack_ms,
      updates_per_second: updatesPerSecond,
      bytes_per_document: Math.round((now.used - idle.used) / rooms),
      connections,
      rooms,
      seconds,
      rounds: 1,
      rss_per_document: Math.round((now.rss - idle.rss) / rooms),
      cpu_us_per_join: this.#cpuPerJoin,
      cpu_us_per_update,
      missing: typed.missing,
      late_ms: typed.late_ms,
    };
  }

  async clear(): Promise<void> {
    await this.#generator.stop();
    await this.#server.stop();
  }

  get #joining() {
    const { port } = this.#server;
    return { kind: 'join', engine: this.engine, port, joinsPerSecond: JOINS_PER_SECOND } as const;
  }

  async #warmUp(): Promise<void> {
    const { connections, rooms, updatesPerSecond, seconds } = warmUp;
    for (let cycle = 0; cycle < warmUp.cycles; cycle++) {
      await this.#generator.ask({ ...this.#joining, connections, rooms, prefix: 'warm-up-' }, 'joined');
      await this.#generator.ask({ kind: 'type', updatesPerSecond, seconds }, 'typed');
      await this.#generator.ask({ kind: 'leave' }, 'left');
    }
    await delay(SETTLE_MS);
  }

  async #fill(): Promise<void> {
    const idle = await this.#server.vitals();
    this.#idle = idle;
    const joined = await this.#generator.ask({ ...this.#joining, ...this.load, prefix: 'load-' }, 'joined');
    this.#join = joined.join_ms;
    const cpu = (await this.#server.vitals()).cpu_until_ms - idle.cpu_from_ms;
    this.#cpuPerJoin = Math.round((cpu * 1000) / this.load.connections);
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
    const run = await stage.type(updatesPerSecond, seconds);
    return await stage.measured(run, updatesPerSecond, seconds);
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
      best: null as Run | null,
    }));
    while (searches.some(({ search }) => search.next !== null)) {
      for (const one of searches) {
        const rate = one.search.next;
        if (rate === null) continue;
        const run = await one.stage.type(rate, seconds);
        const { typed } = run;
        const holds =
          typed.missing === 0 && typed.broadcast_ms.p99 <= SATURATED_P99_MS && typed.late_ms <= LATE_MS;
        if (holds) one.best = run;
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
