import { availableParallelism, cpus, totalmem } from 'node:os';

/** One figure that must hold: `value op limit`. */
export interface Bar {
  readonly name: string;
  readonly op: '<=' | '>=';
  readonly limit: number;
  readonly value: number;
  readonly holds: boolean;
}

export interface BenchReport {
  readonly name: string;
  readonly machine: string;
  readonly results: readonly Readonly<Record<string, unknown>>[];
  /** What else is known of each result, in the same order. */
  readonly details?: readonly Readonly<Record<string, unknown>>[];
  /** Who was asked for and did not take part, or does not compute what ours does: never timed. */
  readonly absent?: readonly Absent[];
  readonly bars: readonly Bar[];
  /** What was measured beside the results, such as ceilings. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** A recorded step, kernel by kernel. */
  readonly profile?: unknown;
  /** Printed as it is, where the output is no JSON. */
  readonly text?: string;
}

/** A time, as every bench that sets engines side by side tells it: exactly this. Ours is named "anneal". */
export type EngineResult = {
  readonly engine: string;
  readonly device: string;
  readonly preset: string;
  readonly where: string;
  readonly median_ms: number;
  readonly runs: number;
};

export interface Absent extends Omit<EngineResult, 'median_ms' | 'runs'> {
  readonly why: string;
}

/** Rows that know more than an EngineResult has, taken apart into `results` and `details`. */
export function engineResults(rows: readonly (EngineResult & Readonly<Record<string, unknown>>)[]): {
  readonly results: readonly EngineResult[];
  readonly details: readonly Readonly<Record<string, unknown>>[];
} {
  const taken = rows.map(({ engine, device, preset, where, median_ms, runs, ...detail }) => ({
    result: { engine, device, preset, where, median_ms, runs },
    detail,
  }));
  return { results: taken.map(({ result }) => result), details: taken.map(({ detail }) => detail) };
}

export function bar(name: string, value: number, op: Bar['op'], limit: number): Bar {
  return { name, op, limit, value, holds: op === '<=' ? value <= limit : value >= limit };
}

/** The machine in words, for figures that are kept. */
export function machine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} cores, ${gib} GiB, Node ${process.version}`;
}
