import { execFileSync } from 'node:child_process';
import { loadavg } from 'node:os';
import { UsageError, wholeOption } from '../cli/arguments.ts';
import type { BenchOptions } from './bench.ts';
import { isMeasured, RESULTS, readKept, withFailure, withReport, writeKept } from './engine/kept.ts';
import { PARTS, type Part, partNames } from './engine/parts.ts';
import { runPart } from './engine/run-part.ts';
import { writeFigures } from './figures/write.ts';
import { benchOptions } from './options.ts';
import { type BenchReport, machine } from './report.ts';

export const usage = 'engine [--only NAME] [--resume] [--within MINUTES] [--out FILE]';

/**
 * All parts one after the other, each kept as soon as it is there. One that fails or does not end is told of
 * and the next begins. `--resume` goes on with what the last whole run has not measured yet; `--only` measures
 * what has NAME in its name; with `--within` a part that would not be over by then does not begin.
 */
export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const values = benchOptions(args, {
    only: { type: 'string', default: '' },
    resume: { type: 'boolean', default: false },
    within: { type: 'string' },
    out: { type: 'string', default: RESULTS },
  });
  const within = wholeOption('--within', values.within, 1) ?? Number.POSITIVE_INFINITY;
  const start = Date.now();
  const minutesGone = () => (Date.now() - start) / 60_000;
  const { only, resume, out } = values;
  if (only === '' && !resume) writeKept(out, { ...readKept(out), begun: new Date().toISOString() });
  const named = PARTS.filter(({ name }) => name.includes(only));
  if (named.length === 0) throw new UsageError(`No part is named so; there are: ${partNames()}.`);
  const parts = resume ? named.filter(({ name }) => !isMeasured(readKept(out), name)) : named;
  progress(
    `${parts.length} parts, about ${sum(parts)} minutes where the machine has nothing else to do. ${new Date().toISOString()}`,
  );
  const done: { readonly name: string; readonly report: BenchReport }[] = [];
  const left: Record<string, unknown>[] = [];
  for (const [i, part] of parts.entries()) {
    const { name, command, minutes } = part;
    if (minutesGone() + minutes > within) {
      progress(`=== ${name}: left out, ${minutes} minutes are more than is left`);
      left.push({ part: name, why: 'no time left' });
      continue;
    }
    progress(`=== ${name}: anneal bench ${command}  (about ${sum(parts.slice(i))} minutes to go)`);
    const [load] = loadavg();
    try {
      const report = await runPart(part, limitOf(part), (line) => progress(`  ${line}`));
      const { text: _, ...rest } = report;
      const facts = { command, at: new Date().toISOString(), revision: revision(), load: load ?? null };
      writeKept(out, withReport(readKept(out), name, { ...rest, ...facts }));
      done.push({ name, report });
      for (const bar of report.bars) {
        progress(
          `  ${bar.holds ? 'holds' : 'FALLS'}  ${bar.name}: ${bar.value.toPrecision(4)} ${bar.op} ${bar.limit}`,
        );
      }
    } catch (thrown) {
      // An hour of figures is not given up for one that could not be had.
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      progress(`failed: ${why}`);
      writeKept(out, withFailure(readKept(out), name, { why, at: new Date().toISOString() }));
      left.push({ part: name, why });
    }
  }
  if (out === RESULTS) for (const file of writeFigures(readKept(out))) progress(`wrote ${file}`);
  return {
    name: 'engine',
    machine: machine(),
    results: [
      ...done.flatMap(({ name, report }) => report.results.map((row) => ({ part: name, ...row }))),
      ...left,
    ],
    bars: done.flatMap(({ report }) => report.bars),
    facts: { minutes: minutesGone() },
  };
}

/** A machine that is twice as slow still gets there; what hangs costs no more than that. */
function limitOf({ minutes }: Part): number {
  return (2 * minutes + 3) * 60_000;
}

function sum(parts: readonly Part[]): number {
  return Math.ceil(parts.reduce((total, { minutes }) => total + minutes, 0));
}

function revision(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      cwd: import.meta.dirname,
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null; // a copy without its history
  }
}
