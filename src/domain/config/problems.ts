import type { $ZodIssue } from 'zod/v4/core';
import type { Diagnostic, Fix } from '../preflight/report.ts';
import { catalogue, discriminatorField, type FieldInfo, fieldAt } from './catalogue.ts';
import { insertion, removal, replacement } from './edit.ts';
import { configErrors } from './errors.ts';
import { expectation } from './expectation.ts';
import type { Lines } from './lines.ts';
import type { Entry, MapNode, Parsed, Place } from './parse.ts';
import { clampInto, coerce, nearestFields } from './suggest.ts';
import { syntaxHint } from './syntax-fixes.ts';
import { shorten, yamlValue } from './wording.ts';

/** Wrong fields in words, with what would put them right. The words come from the schema. */

export interface Surroundings {
  readonly lines: Lines;
  readonly root: MapNode;
  readonly places: ReadonlyMap<string, Place>;
  readonly variantOf: (path: readonly string[]) => string | null;
}

/** One complaint of zod's, at its place in the text. */
export function issueDiagnostic(
  issue: $ZodIssue,
  path: readonly string[],
  value: unknown,
  around: Surroundings,
): Diagnostic {
  const info = infoAt(path, around);
  const { lines } = around;
  const place = placeOf(path, around);
  const name = nameOf(path);
  if (value === undefined) return missing(path, info, around);
  const [start, end] = place === null ? [0, lines.end(0)] : spanOf(place, path);
  const kind =
    info?.kind === 'option' && typeof value === 'string'
      ? configErrors.notAnOption
      : issue.code === 'too_small' || issue.code === 'too_big'
        ? configErrors.outOfRange
        : configErrors.wrongType;
  const shown = shorten(yamlValue(value), 60);
  const wanted = info === undefined ? 'something else' : expectation(info);
  const empty = value === null && (place === null || place.node.start === place.node.end);
  const blank = value === '' && info?.kind === 'string';
  const message = blank
    ? `\`${name}\` is an empty text.`
    : empty
      ? `\`${name}\` has no value; it wants ${wanted}.`
      : `\`${name}\` wants ${wanted}; ${described(value)} ${shown} is not that.`;
  return {
    code: kind.code,
    severity: 'error',
    message,
    range: lines.range(start, end),
    fixes: info === undefined ? [] : fixesFor(value, info, path, place, around),
    because: [],
  };
}

function fixesFor(
  value: unknown,
  info: FieldInfo,
  path: readonly string[],
  place: Place | null,
  { lines }: Surroundings,
): Fix[] {
  if (place === null) return [];
  if (info.kind === 'map' || info.kind === 'union') {
    const line = lines.lineAt(place.node.start);
    const hint = syntaxHint(lines, line)?.fixes ?? [];
    return [...hint, { title: 'Remove it', edits: [removal(lines, place.parent, place.entry)] }];
  }
  const inList = /^\d+$/.test(path.at(-1) ?? '');
  const range = lines.range(...spanOf(place, path));
  const known = coerce(value, info);
  const clamped = typeof value === 'number' ? clampInto(value, info) : null;
  if (known.length === 0 && clamped !== null) known.push(clamped);
  if (info.kind === 'boolean' && known.length === 0) known.push(true, false);
  if (info.kind === 'option') known.push(...(info.options.length <= MOST_OPTIONS ? info.options : []));
  const fixes = [...new Set(known)].map((item): Fix => {
    const text = yamlValue(item);
    const empty = place.node.start === place.node.end;
    return {
      title: `Use ${text}`,
      edits: [empty ? replacement(lines, place.parent, place.entry, item) : { range, newText: text }],
    };
  });
  if (!inList && info.standard !== undefined) {
    const standard = shorten(yamlValue(info.standard), 40);
    fixes.push({
      title: `Remove it: the default is ${standard}`,
      edits: [removal(lines, place.parent, place.entry)],
    });
  }
  return fixes;
}

const MOST_OPTIONS = 8;

function missing(path: readonly string[], info: FieldInfo | undefined, around: Surroundings): Diagnostic {
  const { lines } = around;
  const parent = placeOf(path.slice(0, -1), around);
  const [start, end] = parent === null ? [0, lines.end(0)] : [parent.entry.keyStart, parent.entry.keyEnd];
  const wanted = info === undefined ? '' : `: ${expectation(info)}`;
  const example = info?.examples[0];
  const fixes =
    example === undefined || parent?.node.kind !== 'map'
      ? []
      : [
          {
            title: `Add ${path.at(-1)}: ${yamlValue(example)}`,
            edits: [insertion(lines, parent.node, parent.entry, path.at(-1) ?? '', example)],
          },
        ];
  return {
    code: configErrors.missing.code,
    severity: 'error',
    message: `\`${nameOf(path)}\` is missing${wanted}.`,
    range: lines.range(start, end),
    fixes,
    because: [],
  };
}

export function unknownField(
  parsed: Parsed,
  entry: Entry,
  parent: MapNode,
  info: FieldInfo,
  fields: ReadonlyMap<string, FieldInfo>,
): Diagnostic {
  const { lines } = parsed;
  const name = shorten(entry.key, 40);
  const range = lines.range(entry.keyStart, entry.keyEnd);
  const free = [...fields.values()].filter((field) => !parent.entries.some(({ key }) => key === field.name));
  const near = nearestFields(entry.key, free);
  const fixes: Fix[] = near.map((field) => ({
    title: `Use ${field.name}`,
    edits: [{ range, newText: field.name }],
  }));
  const homes = near.some((field) => field.name === entry.key) ? [] : elsewhere(entry, info, parsed);
  fixes.push(...homes);
  const variant = otherVariant(entry.key, info);
  const where = info.path.length === 0 ? 'at the top of a config' : `in \`${info.path.join('.')}\``;
  const hint =
    near[0] !== undefined
      ? ` Did you mean \`${near[0].name}\`?`
      : variant !== null
        ? ` It belongs to ${info.discriminator} ${variant}.`
        : homes[0] !== undefined
          ? ` ${homes[0].title}?`
          : '';
  if (variant !== null && info.discriminator !== null) {
    const named = parent.entries.find(({ key }) => key === info.discriminator);
    const first = parent.entries[0];
    if (named !== undefined) {
      const edits = [{ range: lines.range(named.value.start, named.value.end), newText: variant }];
      fixes.push({ title: `Use ${info.discriminator}: ${variant}`, edits });
    } else if (first !== undefined) {
      const at = lines.range(first.keyStart, first.keyStart);
      const column = lines.position(first.keyStart).character;
      const end = parent.flow ? ', ' : `\n${' '.repeat(column)}`;
      const edits = [{ range: at, newText: `${info.discriminator}: ${variant}${end}` }];
      fixes.push({ title: `Use ${info.discriminator}: ${variant}`, edits });
    }
  }
  fixes.push({ title: `Remove ${name}`, edits: [removal(lines, parent, entry)] });
  return {
    code: configErrors.unknownField.code,
    severity: 'error',
    message: `There is no field \`${name}\` ${where}.${hint}`,
    range,
    fixes,
    because: [],
  };
}

/** `learning_rate` at the top of the text belongs into `training`. */
function elsewhere(entry: Entry, info: FieldInfo, parsed: Parsed): Fix[] {
  if (entry.value.kind !== 'scalar' || info.path.length > 1) return [];
  const { lines, root } = parsed;
  const sections = [...catalogue.fields.values()].filter((section) => section.name !== info.path[0]);
  return sections.flatMap((section) => {
    const home = [...section.fields.values()].find(
      ({ name, aliases }) => name === entry.key || aliases.includes(entry.key),
    );
    const there = root.entries.find(({ key }) => key === section.name);
    if (home === undefined || there === undefined || there.value.kind !== 'map') return [];
    if (there.value.entries.some(({ key }) => key === home.name)) return [];
    const value = entry.value.kind === 'scalar' ? entry.value.value : null;
    const parent =
      info.path.length === 0 ? root : root.entries.find(({ key }) => key === info.path[0])?.value;
    if (parent?.kind !== 'map') return [];
    return [
      {
        title: `Move it to ${section.name}${home.name === entry.key ? '' : ` as ${home.name}`}`,
        edits: [removal(lines, parent, entry), insertion(lines, there.value, there, home.name, value)],
      },
    ];
  });
}

function otherVariant(name: string, info: FieldInfo): string | null {
  for (const [variant, { fields }] of info.variants) if (fields.has(name)) return variant;
  return null;
}

function described(value: unknown): string {
  if (Array.isArray(value)) return 'the list';
  if (typeof value === 'string') return 'the text';
  if (typeof value === 'number') return 'the number';
  if (typeof value === 'boolean' || value === null) return 'the value';
  return 'what stands there,';
}

function infoAt(path: readonly string[], around: Surroundings): FieldInfo | undefined {
  const parent = fieldAt(path.slice(0, -1), around.variantOf);
  if (parent?.discriminator === path.at(-1) && parent !== undefined) return discriminatorField(parent);
  return fieldAt(path, around.variantOf);
}

/** A list's items stand where the list stands; they have no name of their own. */
function placeOf(path: readonly string[], around: Surroundings): Place | null {
  const own = around.places.get(path.join('.'));
  if (own !== undefined) return own;
  return around.places.get(path.slice(0, -1).join('.')) ?? null;
}

function spanOf(place: Place, path: readonly string[]): [number, number] {
  const { node, entry } = place;
  const item = node.kind === 'list' ? node.items[Number(path.at(-1))] : undefined;
  if (item !== undefined) return [item.start, item.end];
  return node.start === node.end ? [entry.keyStart, entry.keyEnd] : [node.start, node.end];
}

function nameOf(path: readonly string[]): string {
  return /^\d+$/.test(path.at(-1) ?? '') ? `${path.at(-2)}[${path.at(-1)}]` : (path.at(-1) ?? 'The config');
}
