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
import { syntaxHint } from './syntax-fixes.ts';
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
/** More of them help nobody. */
const MOST_PROBLEMS = 100;

export function parseText(text: string): Parsed {
  const lines = new Lines(text);
  const refusal = refuse(text, lines);
  if (refusal !== null)
    return { lines, root: emptyMap(0), problems: [refusal], whole: false, unread: [], adrift: true };
  const all = parsePart(text, 0, lines);
  if (all.errors.length === 0) {
    const root = all.root ?? emptyMap(text.length);
    return { lines, root, problems: all.problems, whole: true, unread: [], adrift: false };
  }
  return parseSections(text, lines, all);
}

interface Part {
  readonly root: MapNode | null;
  /** Not YAML. */
  readonly errors: readonly Diagnostic[];
  /** YAML, but not of the config language. */
  readonly problems: readonly Diagnostic[];
}

/** Where the whole is no YAML, each top-level section is read alone, so that one mistake hides nothing else. */
function parseSections(text: string, lines: Lines, all: Part): Parsed {
  const parts: (Part & { readonly name: string | null })[] = [];
  let start = 0;
  for (let line = 1; line <= lines.count; line++) {
    const at = lines.start(line);
    const boundary = line === lines.count || /^["']?[A-Za-z_][\w-]*["']?[ \t]*:(\s|$)/.test(lines.line(line));
    if (!boundary) continue;
    const end = line === lines.count ? text.length : at;
    const name = /^["']?([A-Za-z_][\w-]*)["']?[ \t]*:/.exec(text.slice(start, start + 200))?.[1] ?? null;
    parts.push({ name, ...parsePart(text.slice(start, end), start, lines) });
    start = end;
  }
  const errors = parts.flatMap((part) => part.errors);
  const problems = parts.flatMap((part) => part.problems);
  return {
    lines,
    root: {
      kind: 'map',
      start: 0,
      end: text.length,
      flow: false,
      entries: parts.flatMap((part) => (part.errors.length === 0 ? (part.root?.entries ?? []) : [])),
    },
    problems: [...(errors.length > 0 ? errors : all.errors), ...problems].slice(0, MOST_PROBLEMS),
    whole: false,
    adrift: parts.some(({ name, errors }) => name === null && errors.length > 0),
    unread: parts.flatMap(({ name, errors }) => (name === null || errors.length === 0 ? [] : [name])),
  };
}

function parsePart(text: string, base: number, lines: Lines): Part {
  try {
    const doc = parseDocument(text, {
      version: '1.2',
      schema: 'core',
      prettyErrors: false,
      uniqueKeys: false, // quadratic there; found while reading here
      strict: true,
    });
    const context: Context = { base, lines, problems: [] };
    const errors = doc.errors.map((error) => syntaxProblem(error, text, context));
    if (doc.directives?.yaml.explicit === true && doc.directives.yaml.version !== '1.2') {
      report(context, configErrors.indirection, 0, Math.max(0, text.indexOf('\n')), {
        message: `This is read as YAML 1.2; the directive for ${doc.directives.yaml.version} has no place here.`,
      });
    }
    const content = doc.contents;
    const node = content === null ? null : convert(content, context, 0);
    if (node === null || (node.kind === 'scalar' && node.value === null)) {
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
  const { base } = context;
  const [from, to] = node.range;
  const start = base + from;
  const end = base + Math.max(from, to);
  if (isAlias(node)) {
    report(context, configErrors.indirection, from, to, {
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

/** An anchor or a tag stands before its value; without it, the value is what it looks like. */
function noteProperties(node: ParsedNode, context: Context): void {
  const { base, lines } = context;
  const end = base + node.range[0];
  const before = lines.text.slice(Math.max(0, end - MOST_LOOKED_BACK), end);
  const length = /(?:[&!]\S*\s*)+$/.exec(before)?.[0].length ?? 0;
  const what = node.anchor === undefined ? 'Tags' : 'Anchors';
  const fixes =
    length === 0
      ? []
      : [{ title: 'Remove it', edits: [{ range: lines.range(end - length, end), newText: '' }] }];
  report(context, configErrors.indirection, end - length - base, length === 0 ? node.range[1] : end - base, {
    message: `${what} have no meaning in the config language; write the value alone.`,
    fixes,
  });
  if (node.tag !== undefined && isScalar(node) && node.type === 'PLAIN' && typeof node.source === 'string') {
    node.value = parseDocument(shorten(node.source, MOST_LOOKED_BACK), { schema: 'core' }).toJS();
  }
}

const MOST_LOOKED_BACK = 200;

function syntaxProblem(error: YAMLError, text: string, { base, lines }: Context): Diagnostic {
  const [from, to] = error.pos;
  const factory = error.code === 'MULTIPLE_DOCS' ? configErrors.documents : configErrors.syntax;
  const start = base + Math.min(from, text.length);
  const end = base + Math.min(Math.max(to, from + 1), text.length);
  const line = lines.lineAt(start);
  if (factory === configErrors.documents) {
    return problemAt(lines, factory, start, end, { message: `${factory.title}. ${factory.fix}` });
  }
  const message = inWords(error.message);
  return problemAt(lines, factory, start, end, syntaxHint(error.code, lines, line) ?? { message });
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
  const hint = syntaxHint('NOT_A_MAP', lines, line) ?? { message };
  return problemAt(lines, configErrors.syntax, node.start, Math.min(node.end, base + text.length), hint);
}

function refuse(text: string, lines: Lines): Diagnostic | null {
  if (text.length > MOST_CHARACTERS) {
    return problemAt(lines, configErrors.tooLarge, 0, lines.end(0), {
      message: `The config has ${text.length} characters; at most ${MOST_CHARACTERS} are read. ${configErrors.tooLarge.fix}`,
    });
  }
  const odd = NOT_TEXT.exec(text);
  if (odd !== null) {
    const what =
      odd[0] === '\0'
        ? 'There is a NUL character here, as in binary files and UTF-16.'
        : odd[0] === '\uFFFD'
          ? 'The bytes here are no UTF-8.'
          : `There is a control character here (U+${odd[0].charCodeAt(0).toString(16).padStart(4, '0')}).`;
    return problemAt(lines, configErrors.notText, odd.index, odd.index + 1, {
      message: `${what} ${configErrors.notText.fix}`,
    });
  }
  return null;
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
