import type { $ZodIssue } from 'zod/v4/core';
import type { Diagnostic } from '../preflight/report.ts';
import { catalogue, type FieldInfo, fieldsOf } from './catalogue.ts';
import { removal } from './edit.ts';
import { configErrors } from './errors.ts';
import type { Lines } from './lines.ts';
import { type ConfigNode, type Entry, type MapNode, type Parsed, type Place, parseText } from './parse.ts';
import { issueDiagnostic, unknownField } from './problems.ts';
import { type Config, configSchema } from './schema.ts';
import { getAt, without } from './values.ts';
import { shorten } from './wording.ts';

/** A text read as a config. Whatever is wrong with it is a diagnostic; the config is whole all the same. */
export interface Reading {
  readonly parsed: Parsed;
  readonly lines: Lines;
  /** What is wrong with the text and with single fields. */
  readonly diagnostics: readonly Diagnostic[];
  /** Every field has a value: what could not be read has its default. */
  readonly config: Config;
  /** Fields of the text by dotted path, such as `model.n_embd`. */
  readonly places: ReadonlyMap<string, Place>;
  /** Sections in which something is wrong, or which could not be read at all. */
  readonly unsound: ReadonlySet<string>;
  /** Fields whose value is not what the config has, because it is wrong. */
  readonly wrong: ReadonlySet<string>;
  /** Which variant of a union the text has: `model` -> `llama`. */
  readonly variants: ReadonlyMap<string, string>;
}

export function readConfig(text: string): Reading {
  return readParsed(parseText(text));
}

export function readParsed(parsed: Parsed): Reading {
  const walk: Walk = {
    parsed,
    diagnostics: [...parsed.problems],
    places: new Map(),
    unsound: new Set(parsed.unread),
    wrong: new Set(),
    variants: new Map(),
  };
  for (const name of catalogue.fields.keys()) {
    const lost = parsed.adrift || parsed.buried.includes(name);
    if (lost && !parsed.root.entries.some(({ key }) => key === name)) walk.unsound.add(name);
  }
  const value = plainValue(parsed.root, catalogue, walk) ?? {};
  const config = validate(value, walk);
  for (const diagnostic of parsed.problems) {
    const section = sectionAt(parsed, parsed.lines.offset(diagnostic.range.start));
    if (section !== null) walk.unsound.add(section);
  }
  return {
    parsed,
    lines: parsed.lines,
    diagnostics: inOrder(walk.diagnostics),
    config,
    places: walk.places,
    unsound: walk.unsound,
    wrong: walk.wrong,
    variants: walk.variants,
  };
}

interface Walk {
  readonly parsed: Parsed;
  readonly diagnostics: Diagnostic[];
  readonly places: Map<string, Place>;
  readonly unsound: Set<string>;
  readonly wrong: Set<string>;
  readonly variants: Map<string, string>;
}

/** The value that zod judges, without what the schema does not know; undefined for nothing at all. */
function plainValue(node: ConfigNode, info: FieldInfo | null, walk: Walk): unknown {
  if (node.kind === 'list') return node.items.map((item) => plainValue(item, info?.items ?? null, walk));
  if (node.kind === 'scalar') {
    const isSection = info?.kind === 'map' || info?.kind === 'union';
    return node.value === null && isSection ? undefined : node.value;
  }
  if (info?.kind !== 'map' && info?.kind !== 'union') return {};
  return plainMap(node, info, walk);
}

function plainMap(node: MapNode, info: FieldInfo, walk: Walk): Record<string, unknown> {
  const variant = variantOf(node, info, walk);
  const fields = fieldsOf(info, variant);
  const unclear = info.kind === 'union' && variant !== null && !info.variants.has(variant);
  const value: Record<string, unknown> = {};
  const seen = new Map<string, Entry>();
  for (const entry of node.entries) {
    const field = fields.get(entry.key);
    if (field === undefined) {
      // Which fields there are is not known before model_type is right.
      if (!unclear) add(walk, info, entry, unknownField(walk.parsed, entry, node, info, fields));
      continue;
    }
    const earlier = seen.get(entry.key);
    if (earlier !== undefined) {
      duplicate(entry, earlier, node, info, walk);
      continue;
    }
    seen.set(entry.key, entry);
    walk.places.set(field.path.join('.'), { entry, node: entry.value, parent: node });
    const read = plainValue(entry.value, field, walk);
    if (read !== undefined) value[entry.key] = read;
  }
  if (info.discriminator !== null && !(info.discriminator in value) && variant !== null) {
    value[info.discriminator] = variant;
  }
  return value;
}

/** The variant that the text names, or the default one where it names none. */
function variantOf(node: MapNode, info: FieldInfo, walk: Walk): string | null {
  if (info.discriminator === null) return null;
  const entry = node.entries.find(({ key }) => key === info.discriminator);
  const standard = (info.standard as Readonly<Record<string, unknown>> | undefined)?.[info.discriminator];
  const named = entry?.value.kind === 'scalar' ? entry.value.value : undefined;
  const variant = String(entry === undefined ? standard : named);
  if (info.variants.has(variant)) walk.variants.set(info.path.join('.'), variant);
  return variant;
}

function duplicate(entry: Entry, earlier: Entry, parent: MapNode, info: FieldInfo, walk: Walk): void {
  const { lines } = walk.parsed;
  const first = lines.lineAt(earlier.keyStart) + 1;
  add(walk, info, entry, {
    code: configErrors.duplicateKey.code,
    severity: 'error',
    message: `\`${shorten(entry.key, 40)}\` is given twice; line ${first} has it already.`,
    range: lines.range(entry.keyStart, entry.keyEnd),
    fixes: [
      { title: 'Remove this one', edits: [removal(lines, parent, entry)] },
      { title: `Remove the one in line ${first}`, edits: [removal(lines, parent, earlier)] },
    ],
    because: [],
  });
}

function add(walk: Walk, info: FieldInfo, entry: Entry, diagnostic: Diagnostic): void {
  walk.diagnostics.push(diagnostic);
  walk.unsound.add(info.path[0] ?? entry.key);
}

/** The config with every wrong value replaced by its default. */
function validate(value: unknown, walk: Walk): Config {
  let remaining = value;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const result = configSchema.safeParse(remaining);
    if (result.success) return result.data;
    for (const issue of result.error.issues) {
      const path = issue.path.map(String);
      if (round === 0) note(issue, path, value, walk);
      // What is missing cannot be taken away: its map goes instead.
      const present = getAt(remaining, path) !== undefined;
      remaining = without(remaining, present ? path : path.slice(0, -1));
    }
  }
  return configSchema.parse({});
}

/** Taking away a wrong value can make its map wrong (a file tokenizer without path), four levels up at most. */
const MOST_ROUNDS = 6;

function note(issue: $ZodIssue, path: readonly string[], value: unknown, walk: Walk): void {
  if (walk.diagnostics.length >= MOST_DIAGNOSTICS) return;
  walk.unsound.add(path[0] ?? '');
  walk.wrong.add(path.join('.'));
  const diagnostic = issueDiagnostic(issue, path, getAt(value, path), {
    lines: walk.parsed.lines,
    root: walk.parsed.root,
    places: walk.places,
    variantOf: (at) => walk.variants.get(at.join('.')) ?? null,
  });
  // An alias has no value; that it is one has been said.
  const { start } = diagnostic.range;
  const said = walk.parsed.problems.some(
    ({ range }) => range.start.line === start.line && range.start.character === start.character,
  );
  if (!said) walk.diagnostics.push(diagnostic);
}

/** More of them help nobody. */
const MOST_DIAGNOSTICS = 200;

/** The top-level section that an offset lies in. */
function sectionAt(parsed: Parsed, offset: number): string | null {
  const entry = parsed.root.entries.findLast(({ keyStart }) => keyStart <= offset);
  return entry !== undefined && offset <= Math.max(entry.value.end, entry.keyEnd) ? entry.key : null;
}

/** As they stand in the text. */
export function inOrder(diagnostics: readonly Diagnostic[]): Diagnostic[] {
  const place = ({ range: { start } }: Diagnostic) => start.line * 1e6 + start.character;
  return [...diagnostics].sort((a, b) => place(a) - place(b));
}
