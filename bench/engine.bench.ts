import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { BenchOptions } from './bench.ts';
import { run as decode } from './decode.bench.ts';
import { run as matmul } from './matmul.bench.ts';
import { benchOptions } from './options.ts';
import { run as recipe } from './recipe.bench.ts';
import { type BenchReport, machine } from './report.ts';
import { run as step } from './step.bench.ts';

export const usage = 'engine [--only NAME] [--out FILE]';

/** Where the figures lie that RESULTS.md and the chart are made from. */
export const RESULTS = join(import.meta.dirname, 'results', 'engine.json');

const run_ = { step, matmul, decode, recipe };
type Name = keyof typeof run_;

/** All that the bars of the engine need where there is no GPU. An hour on two cores. */
const RUNS: Readonly<Record<string, readonly [Name, string]>> = {
  'step small wasm chromium': ['step', '--in chromium --against pytorch,jax-wasm,tfjs-wasm --profile'],
  'step small wasm node': ['step', '--in node --against pytorch,jax-wasm,tfjs-wasm'],
  'step medium wasm chromium': ['step', '--preset medium --in chromium --against pytorch,jax-wasm --profile'],
  'step medium llama wasm chromium': [
    'step',
    '--preset medium --model llama --in chromium --against pytorch,jax-wasm',
  ],
  'step small webgpu chromium': [
    'step',
    '--device webgpu --in chromium --against jax-webgpu,tfjs-webgpu --runs 5',
  ],
  'step medium webgpu chromium': [
    'step',
    '--device webgpu --preset medium --in chromium --against jax-webgpu --runs 3',
  ],
  'decode wasm chromium': ['decode', '--in chromium'],
  'decode webgpu chromium': ['decode', '--device webgpu --in chromium --runs 16'],
  'matmul wasm chromium': ['matmul', '--in chromium --against pytorch,jax-wasm,tfjs-wasm --shapes'],
  recipe: ['recipe', ''],
};

/** Runs them one after the other and keeps each report as soon as it is there; those of other runs stay. */
export async function run(args: readonly string[], options: BenchOptions): Promise<BenchReport> {
  const values = benchOptions(args, {
    only: { type: 'string', default: '' },
    out: { type: 'string', default: RESULTS },
  });
  const reports: BenchReport[] = [];
  for (const [name, [bench, line]] of Object.entries(RUNS)) {
    if (!name.includes(values.only)) continue;
    options.progress(`=== ${name}: anneal bench ${bench} ${line}`);
    const words = line.split(' ').filter((word) => word !== '');
    try {
      const report = await run_[bench](words, options);
      reports.push({ ...report, name });
      keep(values.out, name, report);
    } catch (thrown) {
      // An hour of figures is not given up for one that could not be had.
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      options.progress(`failed: ${why}`);
      reports.push({ name, machine: machine(), results: [{ failed: why }], bars: [] });
    }
  }
  return {
    name: 'engine',
    machine: machine(),
    results: reports.flatMap(({ name, results }) => results.map((row) => ({ run: name, ...row }))),
    bars: reports.flatMap(({ bars }) => bars),
  };
}

function keep(file: string, name: string, { text: _, ...report }: BenchReport): void {
  mkdirSync(dirname(file), { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  const kept = { ...readResults(file), [name]: { ...report, name, date } };
  writeFileSync(file, `${JSON.stringify(kept, null, 1)}\n`);
}

/** By the name of the run; nothing where there is no such file yet. */
export function readResults(file: string): Readonly<Record<string, BenchReport>> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, BenchReport>;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw thrown;
  }
}
