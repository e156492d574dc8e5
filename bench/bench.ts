import type { BenchReport } from './report.ts';

export interface BenchOptions {
  /** Says on stderr how far it is. */
  readonly progress: (line: string) => void;
}

/** A file bench/NAME.bench.ts. Without `usage` it takes no arguments. */
export interface Bench {
  readonly usage?: string;
  run(args: readonly string[], options: BenchOptions): Promise<BenchReport>;
}
