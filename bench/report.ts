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
  readonly bars: readonly Bar[];
  /** What was measured beside the results, such as ceilings. */
  readonly facts?: Readonly<Record<string, unknown>>;
  /** A recorded step, kernel by kernel. */
  readonly profile?: unknown;
  /** Printed as it is, where the output is no JSON. */
  readonly text?: string;
}

export function bar(name: string, value: number, op: Bar['op'], limit: number): Bar {
  return { name, op, limit, value, holds: op === '<=' ? value <= limit : value >= limit };
}

/** The machine in words, for figures that are kept. */
export function machine(): string {
  const gib = Math.round(totalmem() / 2 ** 30);
  return `${cpus()[0]?.model.trim() ?? process.arch}, ${availableParallelism()} cores, ${gib} GiB, Node ${process.version}`;
}

/** The value that a share of the samples does not exceed (nearest rank). */
export function quantile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? Number.NaN;
}
