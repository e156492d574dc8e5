import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BenchReport } from '../report.ts';

/** Where the figures lie that RESULTS.md and the chart are made from. */
export const RESULTS = join(import.meta.dirname, '..', 'results', 'engine.json');

export interface KeptReport extends Omit<BenchReport, 'text'> {
  /** What was called. */
  readonly command: string;
  /** When it was over, in UTC. */
  readonly at: string;
  /** The commit whose code was measured; null where nobody knows. */
  readonly revision: string | null;
  /** Processes that wanted a processor before it began, by the system's mean over a minute. */
  readonly load: number | null;
}

/** What `bench engine` has measured, by the name of the part. */
export interface Kept {
  /** When the last whole run began: what is older is not of that run. */
  readonly begun: string;
  readonly reports: Readonly<Record<string, KeptReport>>;
  /** Parts that could not be measured when they were last tried; earlier figures of them stay. */
  readonly failures: Readonly<Record<string, { readonly why: string; readonly at: string }>>;
}

/** Nothing where there is no such file yet. */
export function readKept(file: string): Kept {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Kept;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { begun: '', reports: {}, failures: {} };
    throw thrown;
  }
}

/** Whole or not at all, whenever the process ends. */
export function writeKept(file: string, kept: Kept): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(`${file}.part`, `${JSON.stringify(kept, null, 1)}\n`);
  renameSync(`${file}.part`, file);
}

export function withReport(kept: Kept, name: string, report: KeptReport): Kept {
  const { [name]: _, ...failures } = kept.failures;
  return { ...kept, reports: { ...kept.reports, [name]: report }, failures };
}

export function withFailure(kept: Kept, name: string, failure: Kept['failures'][string]): Kept {
  return { ...kept, failures: { ...kept.failures, [name]: failure } };
}

/** Whether the last whole run has measured it. */
export function isMeasured({ begun, reports }: Kept, name: string): boolean {
  const report = reports[name];
  return report !== undefined && begun !== '' && report.at >= begun;
}
