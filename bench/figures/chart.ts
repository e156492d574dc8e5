import type { Kept } from '../engine/kept.ts';
import { type Bars, drawChart } from './draw.ts';

const PANELS: readonly { readonly part: string; readonly title: string }[] = [
  { part: 'step small wasm chromium', title: 'Small GPT-2, one training step in a tab, no GPU' },
  { part: 'step medium wasm chromium', title: 'Medium GPT-2, one training step in a tab, no GPU' },
  { part: 'step small webgpu chromium', title: 'Small GPT-2, one training step, WebGPU in software' },
];

const NAMES: Readonly<Record<string, (device: string) => string>> = {
  anneal: (device) => `Anneal, ${device}`,
  pytorch: () => 'PyTorch, native',
  jax: (device) => `jax-js, ${device}`,
  tfjs: (device) => `tfjs, ${device}`,
  nanogpt: (device) => `nanogpt, ${device}`,
};

/** In a picture as in a table. */
export function nameOf({ engine, device }: { readonly engine: string; readonly device: string }): string {
  return NAMES[engine]?.(device) ?? engine;
}

/** The picture that the README shows; null where nothing of it has been measured. */
export function chartOf({ reports }: Kept): string | null {
  const shown = PANELS.flatMap(({ part, title }) => {
    const report = reports[part];
    return report === undefined ? [] : [{ title, report }];
  });
  if (shown.length === 0) return null;
  const groups = shown.map(({ title, report }): Bars => {
    const rows = report.results as readonly {
      readonly engine: string;
      readonly device: string;
      readonly median_ms: number;
    }[];
    const bars = rows.map((row) => ({ name: nameOf(row), ms: row.median_ms, ours: row.engine === 'anneal' }));
    return { title, bars: bars.sort((a, b) => a.ms - b.ms) };
  });
  return drawChart(groups, [...new Set(shown.map(({ report }) => report.machine))].join('; '));
}
