import type { Position, Range } from '../preflight/report.ts';
import { discriminatorField, type FieldInfo, fieldAt, standardVariant } from './catalogue.ts';
import { rangeInWords } from './expectation.ts';
import { type Reading, readConfig } from './read.ts';
import { getAt } from './values.ts';
import { yamlValue } from './wording.ts';

export interface Hover {
  readonly range: Range;
  readonly markdown: string;
}

/** What the field under the cursor means, takes and has now; null where there is none. */
export function hover(text: string, position: Position): Hover | null {
  return hoverIn(readConfig(text), position);
}

/** The same for a text that is read already. */
export function hoverIn(reading: Reading, position: Position): Hover | null {
  const { lines } = reading;
  const offset = lines.offset(position);
  for (const [name, { entry, node }] of reading.places) {
    const onName = offset >= entry.keyStart && offset <= entry.keyEnd;
    const onValue = node.kind !== 'map' && offset >= node.start && offset <= node.end;
    if (!onName && !onValue) continue;
    const path = name.split('.');
    const variantOf = (at: readonly string[]) => reading.variants.get(at.join('.')) ?? null;
    const parent = fieldAt(path.slice(0, -1), variantOf);
    const own = fieldAt(path, variantOf);
    const field =
      parent?.discriminator === path.at(-1) && parent !== undefined ? discriminatorField(parent) : own;
    if (field === undefined) return null;
    const value = getAt(reading.config, path);
    const isSection = field.kind === 'map' || field.kind === 'union';
    const now = isSection || value === undefined ? '' : `\n\nNow: \`${yamlValue(value)}\``;
    const end = onName ? entry.keyEnd : node.end;
    return {
      range: lines.range(onName ? entry.keyStart : node.start, end),
      markdown: fieldMarkdown(field) + now,
    };
  }
  return null;
}

/** A field in Markdown: title, what it does, what it takes, its default. */
export function fieldMarkdown(field: FieldInfo): string {
  const facts: string[] = [];
  const range = rangeInWords(field).trim();
  if (field.kind === 'integer' || field.kind === 'number') {
    const kind = field.kind === 'integer' ? 'Whole number' : 'Number';
    facts.push(`${kind}${range === '' ? '' : ` ${range}`}${field.nullable ? ', or null' : ''}`);
  }
  if (field.options.length > 0 && Object.keys(field.values).length === 0)
    facts.push(`One of ${field.options.map((option) => `\`${option}\``).join(', ')}`);
  if (field.unit !== null) facts.push(`In ${field.unit}`);
  if (field.standard !== undefined && field.kind !== 'map') {
    const standard = field.kind === 'union' ? standardVariant(field) : yamlValue(field.standard);
    facts.push(`Default: \`${standard}\``);
  }
  if (field.examples.length > 0 && field.kind !== 'boolean') {
    facts.push(`Such as ${field.examples.map((example) => `\`${yamlValue(example)}\``).join(', ')}`);
  }
  const values = Object.entries(field.values).map(([value, words]) => `- \`${value}\`: ${words}`);
  return [
    `**${field.title}** \`${field.path.join('.')}\``,
    field.description,
    values.join('\n'),
    facts.join(' · '),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}
