import {
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type ParsedNode,
  parseDocument,
  type YAMLError,
} from 'yaml';
import type { Diagnostic, Fix } from '../preflight/report.ts';
import { configErrors } from './errors.ts';
import { Lines } from './lines.ts';
import { type Slice, slicesOf } from './sections.ts';
import { syntaxHint } from './syntax-fixes.ts';
import { unclosedAt } from './unclosed.ts';
import { shorten } from './wording.ts';

/**
 * Text to a tree with offsets. Never throws: whatever is wrong becomes a diagnostic, and what can be
 * read is read, section by section where the whole is broken.
 */

interface Span {
  readonly start: number;
  readonly end: number;
}
export interface ScalarNode extends Span {
  readonly kind: 'scalar';
  /** As YAML's core schema reads it; null for `~`, `null` and nothing at all. */
  readonly value: string | number | boolean | null;
  readonly quoted: boolean;
}
export interface MapNode extends Span {
  readonly kind: 'map';
  readonly entries: readonly Entry[];
  readonly flow: boolean;
}
export interface ListNode extends Span {
  readonly kind: 'list';
  readonly items: readonly ConfigNode[];
}
export type ConfigNode = ScalarNode | MapNode | ListNode;

export interface Entry {
  readonly key: string;
  readonly keyStart: number;
  readonly keyEnd: number;
  readonly value: ConfigNode;
}

/** Where a field stands in the text. */
export interface Place {
  readonly entry: Entry;
  readonly node: ConfigNode;
  readonly parent: MapNode;
}

export interface Parsed {
  readonly lines: Lines;
  readonly root: MapNode;
  readonly problems: readonly Diagnostic[];
  /** False where some of the text could not be read as YAML. */
  readonly whole: boolean;
  /** Sections that could not be read, as far as their names can be told. */
  readonly unread: readonly string[];
  /** Whatever looks like a name inside of what could not be read: a section may have ended up there. */
  readonly buried: readonly string[];
  /** Whether something could not be read of which not even the section can be told. */
  readonly adrift: boolean;
}

/** A 300-line config has some 20,000; this bounds the work that any text can ask for. */
export const MOST_CHARACTERS = 65_536;
/** The config language nests four deep. */
const MOST_LEVELS = 12;
/** Control characters but tab and line ends, and what decoders put for bytes that are no text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const NOT_TEXT = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f\uFFFD]/;
/** Counted in prompts and comments too, where a few stand open. */
const MOST_BRACKETS = 400;
/** More of them help nobody. */
const MOST_PROBLEMS = 100;

export function parseText(text: string): Parsed {
  const lines = new Lines(text);
  if (text.length <= MOST_CHARACTERS && !NOT_TEXT.test(text)) {
    const all = parsePart(text, 0, lines);
    if (all.errors.length === 0) {
      const root = all.root ?? emptyMap(text.length);
      return { lines, root, problems: all.problems, whole: true, unread: [], buried: [], adrift: false };
    }
    return parseSections(text, lines, all.errors);
  }
  return parseSections(text, lines, []);
}

interface Part {
  readonly root: MapNode | null;
  /** Not YAML. */
  readonly errors: readonly Diagnostic[];
  /** YAML, but not of the config language. */
  readonly problems: readonly Diagnostic[];
  /** Whether it holds what is no text, which may have been anything. */
  readonly damaged?: boolean;
}

/** Where the whole is no YAML, each top-level section is read alone, so that one mistake hides nothing else. */
function parseSections(text: string, lines: Lines, otherwise: readonly Diagnostic[]): Parsed {
  const large = text.length > MOST_CHARACTERS;
  const end = large ? lines.start(lines.lineAt(MOST_CHARACTERS)) : text.length;
  const parts = slicesOf(lines, end).map((slice, i, slices) => {
    const cut = large && i === slices.length - 1; // it goes on where nothing is read any more
    return { ...slice, cut, ...parseSlice(text, slice, lines) };
  });
  const unread = parts.filter(({ errors, cut }) => errors.length > 0 || cut);
  const entries = parts.flatMap((part) =>
    part.cut ? [] : part.errors.length === 0 ? (part.root?.entries ?? []) : before(part, lines),
  );
  const errors = unread.flatMap((part) => part.errors);
  const problems = parts.flatMap((part) => part.problems);
  const first = large ? [tooLarge(lines)] : errors.length > 0 ? [] : otherwise;
  return {
    lines,
    root: { kind: 'map', start: 0, end: text.length, flow: false, entries },
    problems: [...first, ...errors, ...problems].slice(0, MOST_PROBLEMS),
    whole: false,
    adrift: large || unread.some(({ name, damaged }) => name === null || damaged === true),
    unread: parts.flatMap(({ name, errors, cut }, i) => {
      const broken = errors.length > 0 || cut;
      return name !== null && (broken || isSplit(text, parts[i + 1])) ? [name] : [];
    }),
    buried: unread.flatMap(({ from, to }) => namesIn(text.slice(from, to))),
  };
}

function parseSlice(text: string, { from, to }: Slice, lines: Lines): Part {
  const own = text.slice(from, to);
  const odd = NOT_TEXT.exec(own);
  if (odd === null) return parsePart(own, from, lines);
  return { root: null, errors: [notText(odd[0], from + odd.index, lines)], problems: [], damaged: true };
}

/** Whether fields of the section before ended up in, or behind, a line that belongs to none. */
function isSplit(text: string, next: (Part & Slice) | undefined): boolean {
  if (next === undefined || next.name !== null || next.errors.length === 0) return false;
  const stray = text.slice(next.from, next.to);
  return /\n[ \t]+[^\s#]/.test(stray) || namesIn(stray).length > 0;
}

/** Of a broken `{ ... }`, the fields that are complete before the mistake. */
function before({ root, errors, name }: Part & Slice, lines: Lines): readonly Entry[] {
  if (root === null || name !== null || !root.flow) return [];
  const mistake = Math.min(...errors.map(({ range }) => lines.offset(range.start)));
  return root.entries.filter((_, i) => (root.entries[i + 1]?.keyStart ?? Infinity) <= mistake);
}

function namesIn(text: string): string[] {
  return [...new Set([...text.matchAll(/([A-Za-z_][\w-]*)["']?[ \t]*:/g)].map(([, name = '']) => name))];
}

function parsePart(text: string, base: number, lines: Lines): Part {
  const deep = tooDeep(text);
  if (deep !== null) {
    const message = 'The text is nested too deeply.';
    const problem = problemAt(lines, configErrors.syntax, base + deep, base + deep + 1, { message });
    return { root: null, errors: [problem], problems: [] };
  }
  try {
    const doc = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      prettyErrors: false,
      uniqueKeys: false, // quadratic there; found while reading here
      strict: true,
    });
    const context: Context = { base, lines, problems: [] };
    const errors = distinct(
      doc.errors.slice(0, MOST_PROBLEMS).map((error) => syntaxProblem(error, doc.contents, text, context)),
    );
    if (doc.directives?.yaml.explicit === true && doc.directives.yaml.version !== '1.2') {
      report(context, configErrors.indirection, 0, Math.max(0, text.indexOf('\n')), {
        message: `This is read as YAML 1.2; the directive for ${doc.directives.yaml.version} has no place here.`,
      });
    }
    const content = doc.contents;
    const node = content === null ? null : convert(content, context, 0);
    if (node === null || (node.kind === 'scalar' && node.start === node.end)) {
      return { root: null, errors, problems: context.problems };
    }
    if (node.kind !== 'map') {
      if (errors.length > 0) return { root: null, errors, problems: [] };
      const problem = notAMap(node, text, context);
      return { root: null, errors: [problem], problems: context.problems };
    }
    return { root: node, errors, problems: context.problems };
  } catch (thrown) {
    // The parser's own limits (its stack, on thousands of nested brackets).
    const problem = problemAt(lines, configErrors.syntax, base, base + text.length, {
      message: inWords(thrown instanceof Error ? thrown.message : String(thrown)),
    });
    return { root: null, errors: [problem], problems: [] };
  }
}

interface Context {
  readonly base: number;
  readonly lines: Lines;
  readonly problems: Diagnostic[];
}

function convert(node: ParsedNode, context: Context, level: number): ConfigNode {
  const { base, lines } = context;
  const [from] = node.range;
  const start = base + from;
  const end = contentEnd(node, base, lines.text);
  if (isAlias(node)) {
    report(context, configErrors.indirection, from, end - base, {
      message: `\`*${shorten(node.source, 40)}\` stands for a value written elsewhere; the config language has no aliases, so that each line says what it means.`,
    });
    return { kind: 'scalar', value: null, quoted: false, start, end };
  }
  if (node.anchor !== undefined || node.tag !== undefined) noteProperties(node, context);
  if (isScalar(node)) {
    const { value } = node;
    const known = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    const quoted = node.type !== undefined && node.type !== 'PLAIN';
    return { kind: 'scalar', value: known ? value : null, quoted, start, end };
  }
  if (level >= MOST_LEVELS) return { kind: 'list', items: [], start, end };
  if (isSeq(node)) {
    const items = node.items.map((item) =>
      isPair(item) ? emptyMap(end) : convert(item as ParsedNode, context, level + 1),
    );
    return { kind: 'list', items, start, end };
  }
  if (!isMap(node)) return { kind: 'scalar', value: null, quoted: false, start, end };
  const entries: Entry[] = [];
  for (const pair of node.items) {
    const key = pair.key as ParsedNode;
    const [keyFrom, keyTo] = key.range;
    if (!isScalar(key)) {
      report(context, configErrors.wrongType, keyFrom, keyTo, { message: 'A name must be a single word.' });
      continue;
    }
    const value = pair.value as ParsedNode | null;
    const keyEnd = base + keyTo;
    entries.push({
      key: typeof key.value === 'string' ? key.value : String(key.source ?? key.value),
      keyStart: base + keyFrom,
      keyEnd,
      value:
        value === null
          ? { kind: 'scalar', value: null, quoted: false, start: keyEnd, end: keyEnd }
          : convert(value, context, level + 1),
    });
  }
  return { kind: 'map', entries, flow: node.flow === true, start, end };
}

/** Where a value ends; what is written as a block takes in the line end behind it. */
function contentEnd(node: ParsedNode, base: number, text: string): number {
  const [from, to] = node.range;
  let end = base + Math.max(from, to);
  while (end > base + from && ' \t\r\n'.includes(text[end - 1] ?? '')) end--;
  return end;
}

/** An anchor or a tag stands before its value; without it, the value is what it looks like. */
function noteProperties(node: ParsedNode, context: Context): void {
  const { base, lines } = context;
  const value = base + node.range[0];
  const before = lines.text.slice(Math.max(0, value - MOST_LOOKED_BACK), value);
  const found = /[&!]\S*(?:[ \t]+[&!]\S*)*(?=(\s*)$)/.exec(before);
  const gap = found?.[1] ?? '';
  const start = value - gap.length - (found?.[0].length ?? 0);
  const what = node.anchor === undefined ? 'Tags' : 'Anchors';
  // What follows on the same line moves up; what follows on the next stays where it is.
  const taken = /^[ \t]*/.exec(gap)?.[0].length === gap.length ? value : value - gap.length;
  const fixes =
    found === null
      ? []
      : [{ title: 'Remove it', edits: [{ range: lines.range(start, taken), newText: '' }] }];
  const end = found === null ? contentEnd(node, base, lines.text) : value - gap.length;
  report(context, configErrors.indirection, start - base, end - base, {
    message: `${what} have no meaning in the config language; write the value alone.`,
    fixes,
  });
  if (node.tag !== undefined && isScalar(node) && node.type === 'PLAIN' && typeof node.source === 'string') {
    node.value = parseDocument(shorten(node.source, MOST_LOOKED_BACK), { schema: 'core' }).toJS();
  }
}

const MOST_LOOKED_BACK = 200;

function syntaxProblem(
  error: YAMLError,
  root: ParsedNode | null,
  text: string,
  { base, lines }: Context,
): Diagnostic {
  const [from, to] = error.pos;
  const factory = error.code === 'MULTIPLE_DOCS' ? configErrors.documents : configErrors.syntax;
  const start = base + Math.min(from, text.length);
  const end = base + Math.min(Math.max(to, from + 1), text.length);
  const line = lines.lineAt(start);
  if (factory === configErrors.documents) {
    return problemAt(lines, factory, start, Math.min(end, lines.end(line)), {
      message: `${factory.title}. ${factory.fix}`,
    });
  }
  const unclosed = unclosedAt(root, from, error.message, text, base, lines);
  if (unclosed !== null) return problemAt(lines, factory, unclosed.start, unclosed.end, unclosed);
  const message = inWords(error.message);
  // The parser may notice on a later line, or mean several.
  return problemAt(
    lines,
    factory,
    start,
    Math.min(end, Math.max(lines.end(line), start)),
    syntaxHint(lines, line) ?? { message },
  );
}

/** The parser's own words, on one line and no longer than one reads. */
function inWords(detail: string): string {
  if (detail.startsWith('Maximum call stack')) return 'The text is nested too deeply.';
  const plain = shorten(detail.replaceAll(/\s+/g, ' ').trim(), 200);
  return /[.!?]$/.test(plain) ? plain : `${plain}.`;
}

function notAMap(node: ConfigNode, text: string, { lines, base }: Context): Diagnostic {
  const line = lines.lineAt(node.start);
  const message = 'A config is made of lines `name: value`; this is something else.';
  const hint = syntaxHint(lines, line) ?? { message };
  return problemAt(lines, configErrors.syntax, node.start, Math.min(node.end, base + text.length), hint);
}

function tooLarge(lines: Lines): Diagnostic {
  return problemAt(lines, configErrors.tooLarge, 0, lines.end(0), {
    message: `Of a config at most ${MOST_CHARACTERS} characters are read; this one is longer. ${configErrors.tooLarge.fix}`,
  });
}

function notText(odd: string, at: number, lines: Lines): Diagnostic {
  const what =
    odd === '\0'
      ? 'There is a NUL character here, as in binary files and UTF-16.'
      : odd === '\uFFFD'
        ? 'The bytes here are no UTF-8.'
        : `There is a control character here (U+${odd.charCodeAt(0).toString(16).padStart(4, '0')}).`;
  return problemAt(lines, configErrors.notText, at, at + 1, {
    message: `${what} ${configErrors.notText.fix}`,
  });
}

/** Where brackets, or dashes and question marks in one line, nest deeper than any config: parsers recurse. */
function tooDeep(text: string): number | null {
  const run = /(?:[-?:][ \t]+){50}/.exec(text);
  if (run !== null) return run.index;
  let level = 0;
  // An expression finds the few brackets of a text in a fiftieth of the time that a loop over it takes.
  for (const { 0: bracket, index } of text.matchAll(/[[\]{}]/g)) {
    if (bracket === '[' || bracket === '{') level++;
    else if (level > 0) level--;
    if (level > MOST_BRACKETS) return index;
  }
  return null;
}

/** Without those that say the same of the same place. */
function distinct(problems: readonly Diagnostic[]): Diagnostic[] {
  const seen = new Set<string>();
  return problems.filter(({ message, range: { start } }) => {
    const key = `${start.line}:${start.character} ${message}`;
    return !seen.has(key) && seen.add(key);
  });
}

interface Details {
  readonly message: string;
  readonly fixes?: readonly Fix[];
}

function problemAt(
  lines: Lines,
  kind: { readonly code: string },
  start: number,
  end: number,
  details: Details,
): Diagnostic {
  return {
    code: kind.code,
    severity: 'error',
    message: details.message,
    range: lines.range(start, end),
    fixes: details.fixes ?? [],
    because: [],
  };
}

function report(
  context: Context,
  kind: { readonly code: string },
  from: number,
  to: number,
  details: Details,
): void {
  const { base, lines } = context;
  if (context.problems.length >= MOST_PROBLEMS) return;
  context.problems.push(problemAt(lines, kind, base + from, base + to, details));
}

function emptyMap(at: number): MapNode {
  return { kind: 'map', entries: [], flow: false, start: at, end: at };
}
