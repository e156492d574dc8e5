import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Kept } from '../engine/kept.ts';
import { chartOf } from './chart.ts';
import { tablesOf } from './tables.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const RESULTS_MD = join(ROOT, 'bench', 'RESULTS.md');
const CHART = join(ROOT, 'docs', 'pictures', 'engine.svg');
const BEGIN = '<!-- written by `anneal bench figures` -->';
const END = '<!-- end of what is written -->';

/** Writes the tables into RESULTS.md and draws the chart; the files written. */
export function writeFigures(kept: Kept): readonly string[] {
  writeFileSync(RESULTS_MD, between(readFileSync(RESULTS_MD, 'utf8'), tablesOf(kept)));
  const chart = chartOf(kept);
  if (chart === null) return [RESULTS_MD];
  writeFileSync(CHART, chart);
  return [RESULTS_MD, CHART];
}

/** The text with what is between the two marks replaced. Throws where they are not there. */
export function between(text: string, tables: string): string {
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) throw new Error(`RESULTS.md has no ${BEGIN} before ${END}.`);
  return `${text.slice(0, begin)}${BEGIN}\n\n${tables}\n\n${text.slice(end)}`;
}
