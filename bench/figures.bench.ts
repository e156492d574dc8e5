import { UsageError } from '../cli/arguments.ts';
import type { BenchOptions } from './bench.ts';
import { RESULTS, readKept } from './engine/kept.ts';
import { fallen } from './figures/tables.ts';
import { writeFigures } from './figures/write.ts';
import { benchOptions } from './options.ts';
import { type BenchReport, machine } from './report.ts';

export const usage = 'figures [--from FILE]';

/** The tables of RESULTS.md and the chart that the README shows, from what `bench engine` measured. */
export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const { from } = benchOptions(args, { from: { type: 'string', default: RESULTS } });
  const kept = readKept(from);
  if (Object.keys(kept.reports).length === 0) {
    throw new UsageError(`There are no figures in ${from}; \`anneal bench engine\` measures them.`);
  }
  const files = writeFigures(kept);
  for (const { name } of fallen(kept)) progress(`RESULTS.md must say what is in the way: ${name}`);
  return { name: 'figures', machine: machine(), results: files.map((file) => ({ file })), bars: [] };
}
