import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { BenchReport } from '../../bench/report.ts';
import { type CommandIo, EXIT } from '../io.ts';

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
  if (name === undefined || rest.length > 0 || !names().includes(name)) {
    io.stderr.write(`Usage: anneal bench NAME [--json], where NAME is one of ${names().join(', ')}.\n`);
    return EXIT.usage;
  }
  const bench = (await import(pathToFileURL(join(folder, `${name}.bench.ts`)).href)) as {
    run(): Promise<BenchReport>;
  };
  const report = await bench.run();
  io.stdout.write(json ? `${JSON.stringify(report)}\n` : render(report));
  return report.bars.every((bar) => bar.holds) ? EXIT.fine : EXIT.errorsFound;
}

function render(report: BenchReport): string {
  const results = report.results.map((row) =>
    Object.entries(row)
      .map(
        ([key, value]) =>
          `${key} ${typeof value === 'number' ? Number(value.toPrecision(4)) : String(value)}`,
      )
      .join('  '),
  );
  const bars = report.bars.map(
    (bar) =>
      `${bar.holds ? 'holds' : 'FALLS'}  ${bar.name}: ${Number(bar.value.toPrecision(4))} ${bar.op} ${bar.limit}`,
  );
  return [`${report.name} on ${report.machine}`, ...results.map((row) => `  ${row}`), ...bars, ''].join('\n');
}
