import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Bench } from '../../bench/bench.ts';
import type { BenchReport } from '../../bench/report.ts';
import { UsageError, withUsage } from '../arguments.ts';
import { type CommandIo, EXIT } from '../io.ts';
import { ensureKernels } from '../setup/kernels.ts';

const folder = join(import.meta.dirname, '..', '..', 'bench');

/** A bench is a file bench/NAME.bench.ts that exports `run`. */
function names(): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.bench.ts'))
    .map((file) => file.slice(0, -'.bench.ts'.length))
    .sort();
}

export async function run(args: readonly string[], io: CommandIo): Promise<number> {
  const json = args.includes('--json');
  const [name, ...rest] = args.filter((arg) => arg !== '--json');
  if (name === undefined || !names().includes(name)) {
    io.stderr.write(`Usage: anneal bench NAME [--json], where NAME is one of ${names().join(', ')}.\n`);
    return EXIT.usage;
  }
  ensureKernels();
  const bench = (await import(pathToFileURL(join(folder, `${name}.bench.ts`)).href)) as Bench;
  return withUsage(io, `bench ${bench.usage ?? name} [--json]`, async () => {
    if (rest.length > 0 && bench.usage === undefined)
      throw new UsageError(`bench ${name} takes no arguments.`);
    const report = await bench.run(rest, { progress: (line) => io.stderr.write(`${line}\n`) });
    io.stdout.write(json ? `${JSON.stringify(report)}\n` : render(report));
    return report.bars.every((bar) => bar.holds) ? EXIT.fine : EXIT.errorsFound;
  });
}

function render(report: BenchReport): string {
  const line = (row: object) =>
    Object.entries(row)
      .map(([key, value]) => `${key} ${show(value)}`)
      .join('  ');
  const results = report.results.map((row, i) => line({ ...row, ...report.details?.[i] }));
  const absent = (report.absent ?? []).map((row) => `absent  ${line(row)}`);
  const bars = report.bars.map(
    (bar) =>
      `${bar.holds ? 'holds' : 'FALLS'}  ${bar.name}: ${Number(bar.value.toPrecision(4))} ${bar.op} ${bar.limit}`,
  );
  const facts = Object.entries(report.facts ?? {}).map(([key, value]) => `  ${key} ${show(value)}`);
  const rows = results.map((row) => `  ${row}`);
  const text = report.text === undefined ? [] : [report.text];
  return [`${report.name} on ${report.machine}`, ...rows, ...absent, ...facts, ...bars, ...text, ''].join(
    '\n',
  );
}

function show(value: unknown): string {
  if (typeof value === 'number') return String(Number(value.toPrecision(4)));
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}
