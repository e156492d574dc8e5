import { expect } from 'vitest';
import type { DeviceInfo } from '../../../engine/device.ts';
import { applyEdits } from '../../config/edit.ts';
import { Lines } from '../../config/lines.ts';
import { preflight } from '../preflight.ts';
import {
  type DataProfile,
  type Diagnostic,
  NO_PROFILES,
  type PreflightReport,
  type Profiles,
} from '../report.ts';

/** The built-in stories, prepared for the sample's tokenizer. */
export const data: DataProfile = {
  source: 'stories',
  sha256: '0'.repeat(64),
  bytes: 1_200_000,
  characters: 1_200_000,
  distinct_characters: 60,
  tokenizer: { key: 'bpe:512@0.1', vocab_size: 512, train_tokens: 489_000, validation_tokens: 54_000 },
};

export function withTokens(train_tokens: number, validation_tokens = 1000): Profiles {
  const tokenizer = { key: 'bpe:512@0.1', vocab_size: 512, train_tokens, validation_tokens };
  return { ...NO_PROFILES, data: { ...data, tokenizer } };
}

export function deviceWith(memory_bytes: number | null, max_buffer_bytes: number | null = null): Profiles {
  const limits = { memory_bytes, max_buffer_bytes };
  return {
    ...NO_PROFILES,
    device: { name: 'tfjs-webgpu', description: 'a GPU', limits } satisfies DeviceInfo,
  };
}

export function find(report: PreflightReport, code: string): Diagnostic {
  const found = report.diagnostics.find((diagnostic) => diagnostic.code === code);
  if (found === undefined) throw new Error(`Nothing says ${code}: ${JSON.stringify(report.diagnostics)}`);
  return found;
}

export function codes(report: PreflightReport): string[] {
  return report.diagnostics.map(({ code }) => code);
}

/** The text that a diagnostic underlines. */
export function marked(text: string, { range }: Diagnostic): string {
  const lines = new Lines(text);
  return text.slice(lines.offset(range.start), lines.offset(range.end));
}

/** The rule speaks up, at this place, and each of its fixes silences it. */
export function expectRule(
  text: string,
  code: string,
  place: string,
  profiles: Profiles,
  titles: readonly string[],
): Diagnostic {
  const diagnostic = find(preflight(text, profiles), code);
  const inVain = diagnostic.fixes.filter(({ edits }) =>
    codes(preflight(applyEdits(text, edits), profiles)).includes(code),
  );
  expect({
    place: marked(text, diagnostic),
    titles: diagnostic.fixes.map(({ title }) => title),
    inVain: inVain.map(({ title }) => title),
  }).toEqual({ place, titles, inVain: [] });
  return diagnostic;
}
