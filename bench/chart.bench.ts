import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { UsageError } from '../cli/arguments.ts';
import { type Bars, drawChart } from './chart/draw.ts';
import { RESULTS, readResults } from './engine.bench.ts';
import { benchOptions } from './options.ts';
import { type BenchReport, machine } from './report.ts';

export const usage = 'chart [--from FILE] [--to FILE]';

/** The picture of the engine's figures that the README shows, from what `bench engine` measured. */
export async function run(args: readonly string[]): Promise<BenchReport> {
  const values = benchOptions(args, {
    from: { type: 'string', default: RESULTS },
    to: { type: 'string', default: join(import.meta.dirname, '..', 'docs', 'pictures', 'engine.svg') },
  });
  const reports = readResults(values.from);
  const groups = PANELS.flatMap(({ run, title }): Bars[] => {
    const report = reports[run];
    if (report === undefined) return [];
    const bars = report.results.flatMap((row) => {
      const { engine, device, median_ms } = row as { engine: string; device: string; median_ms: unknown };
      if (typeof median_ms !== 'number') return [];
      return [{ name: NAMES[engine]?.(device) ?? engine, ms: median_ms, ours: engine === 'anneal' }];
    });
    return bars.length === 0 ? [] : [{ title, bars: bars.sort((a, b) => a.ms - b.ms) }];
  });
  if (groups.length === 0) {
    throw new UsageError(`There are no figures in ${values.from}; \`anneal bench engine\` measures them.`);
  }
  const machines = [...new Set(Object.values(reports).map((report) => report.machine))];
  writeFileSync(values.to, drawChart(groups, machines[0] ?? ''));
  return {
    name: 'chart',
    machine: machine(),
    results: [{ file: values.to, panels: groups.length }],
    bars: [],
  };
}

const PANELS: readonly { readonly run: string; readonly title: string }[] = [
  { run: 'step small wasm chromium', title: 'Small GPT-2, one training step in a tab, no GPU' },
  { run: 'step medium wasm chromium', title: 'Medium GPT-2, one training step in a tab, no GPU' },
  { run: 'step small webgpu chromium', title: 'Small GPT-2, one training step, WebGPU in software' },
];

const NAMES: Readonly<Record<string, (device: string) => string>> = {
  anneal: (device) => `Anneal, ${device}`,
  pytorch: () => 'PyTorch, native',
  jax: (device) => `jax-js, ${device}`,
  tfjs: (device) => `tfjs, ${device}`,
  nanogpt: (device) => `nanogpt, ${device}`,
};
