import type { TextEdit } from '../preflight/report.ts';
import { Lines } from './lines.ts';
import { type ConfigNode, type Entry, type MapNode, type Parsed, parseText } from './parse.ts';
import { yamlString, yamlValue } from './wording.ts';

/**
 * Edits of the text that leave everything else as it is: comments, order, spacing. Each is a minimal
 * replacement, so that it merges with what others type at the same time.
 */

/** Text after edits that do not overlap, positions of the text before. */
export function applyEdits(text: string, edits: readonly TextEdit[]): string {
  const lines = new Lines(text);
  const spans = edits
    .map(({ range, newText }) => ({ from: lines.offset(range.start), to: lines.offset(range.end), newText }))
    .sort((a, b) => b.from - a.from || b.to - a.to);
  return spans.reduce((done, { from, to, newText }) => done.slice(0, from) + newText + done.slice(to), text);
}

/**
 * Edits that give a field a value, such as `setField(text, ['model', 'n_embd'], 132)`; missing sections
 * are added. Null where the section cannot be read, or something else than a section stands in the way.
 */
export function setField(text: string, path: readonly string[], value: unknown): readonly TextEdit[] | null {
  return setFieldIn(parseText(text), path, value);
}

/** The same for a text that is parsed already. */
export function setFieldIn(
  parsed: Parsed,
  path: readonly string[],
  value: unknown,
): readonly TextEdit[] | null {
  const { lines } = parsed;
  if (path.length === 0) return null;
  // Of a text that is not YAML as a whole, the sections that could be read can be edited.
  if (!parsed.whole && !parsed.root.entries.some(({ key }) => key === path[0])) return null;
  let parent = parsed.root;
  let owner: Entry | null = null;
  for (const [depth, name] of path.entries()) {
    const entry = parent.entries.find(({ key }) => key === name);
    const rest = path.slice(depth + 1);
    if (entry === undefined) return [insertion(lines, parent, owner, name, nest(rest, value))];
    if (rest.length === 0) return [replacement(lines, parent, entry, value)];
    owner = entry;
    if (entry.value.kind === 'map') parent = entry.value;
    else if (entry.value.kind === 'scalar' && entry.value.value === null) {
      if (entry.value.start !== entry.value.end)
        return [replacement(lines, parent, entry, nest(rest, value))];
      const none: MapNode = {
        kind: 'map',
        entries: [],
        flow: parent.flow,
        start: entry.keyEnd,
        end: entry.keyEnd,
      };
      return [insertion(lines, none, entry, rest[0] ?? '', nest(rest.slice(1), value))];
    } else return null;
  }
  return null;
}

/** Edits that take a field out, none where it is not there; null where its section cannot be read. */
export function removeField(text: string, path: readonly string[]): readonly TextEdit[] | null {
  return removeFieldIn(parseText(text), path);
}

/** The same for a text that is parsed already. */
export function removeFieldIn(parsed: Parsed, path: readonly string[]): readonly TextEdit[] | null {
  if (!parsed.whole && !parsed.root.entries.some(({ key }) => key === path[0])) return null;
  let parent: ConfigNode = parsed.root;
  for (const [depth, name] of path.entries()) {
    if (parent.kind !== 'map') return [];
    const entry: Entry | undefined = parent.entries.find(({ key }) => key === name);
    if (entry === undefined) return [];
    if (depth === path.length - 1) return [removal(parsed.lines, parent, entry)];
    parent = entry.value;
  }
  return [];
}

/** Takes an entry out: whole lines in a block, with its comma in braces. */
export function removal(lines: Lines, parent: MapNode, entry: Entry): TextEdit {
  const { text } = lines;
  const end = contentEnd(lines, entry);
  if (parent.flow) {
    const index = parent.entries.indexOf(entry);
    const [before, after] = [parent.entries[index - 1], parent.entries[index + 1]];
    if (after !== undefined) return edit(lines, entry.keyStart, after.keyStart, '');
    if (before !== undefined) return edit(lines, contentEnd(lines, before), end, '');
    return edit(lines, entry.keyStart, end, '');
  }
  const line = lines.lineAt(entry.keyStart);
  // `? name` is YAML's long way to write a key.
  const alone = /^\uFEFF?\s*(\?\s*)?$/.test(text.slice(lines.start(line), entry.keyStart));
  if (!alone) return edit(lines, entry.keyStart, end, '');
  const last = lines.lineAt(end);
  // The last line has no LF of its own to take; the one before it goes instead.
  if (last === lines.count - 1 && line > 0) return edit(lines, lines.end(line - 1), text.length, '');
  return edit(lines, lines.start(line), lines.start(last + 1), '');
}

/** Adds a field at the end of a map. `owner` is the entry whose value the map is; null for the whole text. */
export function insertion(
  lines: Lines,
  map: MapNode,
  owner: Entry | null,
  name: string,
  value: unknown,
): TextEdit {
  const { text } = lines;
  const last = map.entries.at(-1);
  if (map.flow) {
    const item = `${yamlString(name)}: ${yamlValue(value)}`;
    if (last !== undefined) return edit(lines, contentEnd(lines, last), contentEnd(lines, last), `, ${item}`);
    if (text[map.start] === '{') return edit(lines, map.start + 1, map.start + 1, ` ${item} `);
    return edit(lines, map.end, map.end, `: { ${item} }`); // `{ training }`, a name alone
  }
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  if (last === undefined && owner === null) {
    const separate = text === '' || text.endsWith('\n') ? '' : newline;
    return edit(lines, text.length, text.length, separate + block(name, value, '', newline) + newline);
  }
  const anchor = last ?? owner;
  const line =
    anchor === null
      ? 0
      : lines.lineAt(last === undefined ? colonEnd(lines, anchor) : contentEnd(lines, anchor));
  const base = anchor === null ? 0 : anchor.keyStart - lines.start(lines.lineAt(anchor.keyStart));
  const indent = ' '.repeat(last === undefined ? base + 2 : base);
  const at = lines.end(line);
  return edit(lines, at, at, newline + block(name, value, indent, newline));
}

/** Gives an entry another value, or one at all. */
export function replacement(lines: Lines, parent: MapNode, entry: Entry, value: unknown): TextEdit {
  const { value: node } = entry;
  const text = yamlValue(value);
  const colon = colonEnd(lines, entry);
  if (node.start === node.end || node.start < colon) {
    const hasColon = lines.text[colon - 1] === ':';
    return edit(lines, colon, colon, hasColon ? ` ${text}` : `: ${text}`);
  }
  const end = contentEnd(lines, entry);
  const isBlock = !parent.flow && lines.lineAt(node.start) > lines.lineAt(entry.keyStart);
  return isBlock ? edit(lines, colon, end, ` ${text}`) : edit(lines, node.start, end, text);
}

/** Just behind the colon of an entry, or behind its name where it has none. */
function colonEnd(lines: Lines, entry: Entry): number {
  const gap = /^["']?\s*:/.exec(lines.text.slice(entry.keyEnd, entry.keyEnd + 80));
  return gap === null ? entry.keyEnd : entry.keyEnd + gap[0].length;
}

/** Where an entry's value ends, without the line breaks and comments that a block's range takes in. */
function contentEnd(lines: Lines, entry: Entry): number {
  const end = lastEnd(entry.value);
  if (end <= entry.keyEnd) return colonEnd(lines, entry);
  // YAML's blanks alone: trimEnd would take a no-break space or a byte-order mark, which are text.
  const kept = lines.text.slice(entry.keyEnd, end).replace(/[ \t\r\n]+$/, '').length;
  return entry.keyEnd + kept;
}

function lastEnd(node: ConfigNode): number {
  if (node.kind === 'map' && !node.flow) {
    const last = node.entries.at(-1);
    return last === undefined ? node.end : Math.max(last.keyEnd, lastEnd(last.value));
  }
  return node.end;
}

function block(name: string, value: unknown, indent: string, newline: string): string {
  const head = `${indent}${yamlString(name)}:`;
  if (typeof value !== 'object' || value === null || Array.isArray(value) || !isNested(value)) {
    return `${head} ${yamlValue(value)}`;
  }
  const inner = Object.entries(value).map(([key, item]) => block(key, item, `${indent}  `, newline));
  return [head, ...inner].join(newline);
}

/** Sections are written as blocks; small maps such as `{ type: char }` on one line. */
class Nested {
  [name: string]: unknown;
}

function isNested(value: object): boolean {
  return value instanceof Nested;
}

function nest(path: readonly string[], value: unknown): unknown {
  return path.reduceRight<unknown>((inner, name) => Object.assign(new Nested(), { [name]: inner }), value);
}

function edit(lines: Lines, from: number, to: number, newText: string): TextEdit {
  return { range: lines.range(from, to), newText };
}
