import type { ErrorFactory } from '../../base/error.ts';
import { removeFieldIn, setFieldIn } from '../config/edit.ts';
import type { Reading } from '../config/read.ts';
import type { Config } from '../config/schema.ts';
import type { DataFacts } from '../plan/data-facts.ts';
import type { ModelSizes } from '../plan/model.ts';
import type { DataProfile, Diagnostic, Fix, Profiles, Range, Severity, TextEdit } from './report.ts';

/** What the rules look at. */
export interface Facts {
  readonly reading: Reading;
  readonly config: Config;
  readonly profiles: Profiles;
  /** Of this config's source; null while unknown. */
  readonly profile: DataProfile | null;
  readonly data: DataFacts;
  readonly sizes: ModelSizes;
  /** Updates in all; null where they depend on tokens that are unknown. */
  readonly max_steps: number | null;
  readonly tokens_per_step: number;
}

/** Whether the text itself gives the field, and rightly. */
export function given({ reading }: Facts, path: string): boolean {
  return reading.places.has(path) && !reading.wrong.has(path);
}

/** Where a message about a field goes: its value, else its section's name, else the first line. */
export function rangeOf(reading: Reading, path: string): Range {
  const { lines, places } = reading;
  const place = places.get(path);
  if (place !== undefined) {
    const { node, entry } = place;
    return node.start === node.end || node.kind === 'map'
      ? lines.range(entry.keyStart, entry.keyEnd)
      : lines.range(node.start, node.end);
  }
  const parent = path.split('.').slice(0, -1).join('.');
  return parent === '' ? lines.range(0, lines.end(0)) : rangeOf(reading, parent);
}

export interface Finding {
  readonly severity?: Severity;
  /** The field that the message stands at, such as `training.max_steps`. */
  readonly at: string;
  readonly message: string;
  readonly fixes?: readonly (Fix | null)[];
  readonly because?: readonly string[];
}

export function finding(reading: Reading, kind: ErrorFactory, details: Finding): Diagnostic {
  return {
    code: kind.code,
    severity: details.severity ?? 'error',
    message: details.message,
    range: rangeOf(reading, details.at),
    fixes: (details.fixes ?? []).filter((fix) => fix !== null),
    because: details.because ?? [],
  };
}

/** A fix that gives fields these values; null where the text does not allow the edit. */
export function setting(
  reading: Reading,
  title: string,
  values: Readonly<Record<string, unknown>>,
): Fix | null {
  const edits: TextEdit[] = [];
  for (const [path, value] of Object.entries(values)) {
    const more = setFieldIn(reading.parsed, path.split('.'), value);
    if (more === null) return null;
    edits.push(...more);
  }
  return joined(title, edits);
}

/** A fix that takes fields out. */
export function removing(reading: Reading, title: string, ...paths: readonly string[]): Fix | null {
  const edits: TextEdit[] = [];
  for (const path of paths) {
    const more = removeFieldIn(reading.parsed, path.split('.'));
    if (more === null) return null;
    edits.push(...more);
  }
  return joined(title, edits);
}

/** Insertions at one place become one edit: editors refuse edits that touch. */
function joined(title: string, edits: readonly TextEdit[]): Fix | null {
  const merged: TextEdit[] = [];
  for (const edit of edits) {
    const same = merged.findIndex(
      ({ range }) =>
        range.start.line === edit.range.start.line &&
        range.start.character === edit.range.start.character &&
        range.end.line === edit.range.end.line &&
        range.end.character === edit.range.end.character,
    );
    const twin = merged[same];
    if (twin === undefined) merged.push(edit);
    else merged[same] = { range: twin.range, newText: twin.newText + edit.newText };
  }
  return merged.length === 0 ? null : { title, edits: merged };
}
