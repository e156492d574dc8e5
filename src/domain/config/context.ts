import type { Position } from '../preflight/report.ts';
import { Lines } from './lines.ts';

/**
 * Where in a config a cursor is, told from indentation alone: completion is asked for in texts that are
 * not YAML yet.
 */
export interface CursorContext {
  /** The map that the cursor is in, such as `['model']`. */
  readonly path: readonly string[];
  /** A name is being typed, or the value of `key`. */
  readonly at: 'name' | 'value';
  /** For a value: its name. */
  readonly key: string | null;
  /** What is typed already and would be replaced, in the cursor's line. */
  readonly from: number;
  readonly to: number;
  /** Whether a colon follows the name already. */
  readonly hasColon: boolean;
  /** Names that the map has already, with what stands behind them on their line. */
  readonly siblings: ReadonlyMap<string, string>;
  /** Inside braces, where everything is on one line. */
  readonly flow: boolean;
  readonly indent: number;
}

const FIELD = /^(\s*)(["']?)([A-Za-z_][\w-]*)\2[ \t]*:(?=\s|$)[ \t]*(.*)$/;

export function contextAt(text: string, position: Position): CursorContext | null {
  const lines = new Lines(text);
  if (position.line < 0 || position.line >= lines.count) return null;
  const line = lines.line(position.line);
  const column = Math.min(Math.max(position.character, 0), line.length);
  const before = line.slice(0, column);
  if (inComment(before)) return null;
  const field = FIELD.exec(line);
  const indent = field === null && line.trim() === '' ? column : (/^ */.exec(line)?.[0].length ?? 0);
  const path = parentsOf(lines, position.line, indent);
  const typed = FIELD.exec(before);
  if (typed === null) {
    const from = /[\w-]*$/.exec(before)?.index ?? column;
    if (before.slice(0, from).trim() !== '') return null;
    const rest = /^[\w-]*/.exec(line.slice(column))?.[0].length ?? 0;
    const hasColon = /^\s*:/.test(line.slice(column + rest));
    const siblings = blockSiblings(lines, position.line, indent);
    return { path, at: 'name', key: null, from, to: column + rest, hasColon, siblings, flow: false, indent };
  }
  const key = typed[3] ?? '';
  const value = typed[4] ?? '';
  if (value.startsWith('{')) return flowContext(line, column, column - value.length, [...path, key], indent);
  const from = column - value.length;
  const to = from + valueLength(line.slice(from));
  const siblings = blockSiblings(lines, position.line, indent);
  return {
    path,
    at: 'value',
    key,
    from,
    to: Math.max(to, column),
    hasColon: true,
    siblings,
    flow: false,
    indent,
  };
}

/** The names above whose indentation is smaller, outermost first. */
function parentsOf(lines: Lines, from: number, indent: number): string[] {
  const path: string[] = [];
  let least = indent;
  for (let number = from - 1; number >= 0 && least > 0; number--) {
    const field = FIELD.exec(lines.line(number));
    const own = field?.[1]?.length;
    if (own === undefined || own >= least) continue;
    path.unshift(field?.[3] ?? '');
    least = own;
  }
  return path;
}

function blockSiblings(lines: Lines, from: number, indent: number): Map<string, string> {
  const siblings = new Map<string, string>();
  for (const step of [-1, 1]) {
    for (let number = from + step; number >= 0 && number < lines.count; number += step) {
      const line = lines.line(number);
      if (line.trim() === '' || line.trimStart().startsWith('#')) continue;
      const own = /^ */.exec(line)?.[0].length ?? 0;
      if (own < indent) break;
      const field = own === indent ? FIELD.exec(line) : null;
      if (field !== null) siblings.set(field[3] ?? '', bare(field[4] ?? ''));
    }
  }
  return siblings;
}

/** Inside `{ type: bpe, vocab_size: 512 }`, one level deep; deeper braces are not offered anything. */
function flowContext(
  line: string,
  column: number,
  open: number,
  path: readonly string[],
  indent: number,
): CursorContext | null {
  const before = line.slice(open + 1, column);
  if (/[{}[\]]/.test(before)) return null;
  const all = line.slice(open + 1).replace(/[{}[\]#].*$/, '');
  const start = open + 1 + before.lastIndexOf(',') + 1;
  const ahead = /^[^,{}[\]#]*/.exec(line.slice(column))?.[0] ?? '';
  const piece = line.slice(start, column) + ahead;
  const siblings = new Map<string, string>();
  for (const part of all.split(',')) {
    const [name = '', ...rest] = part.split(':');
    if (rest.length > 0 && part.trim() !== piece.trim()) siblings.set(bare(name), bare(rest.join(':')));
  }
  const colon = line.slice(start, column).indexOf(':');
  if (colon === -1) {
    const from = start + (/^\s*/.exec(line.slice(start, column))?.[0].length ?? 0);
    const to = column + (/^[\w-]*/.exec(ahead)?.[0].length ?? 0);
    const hasColon = /^[\w-]*\s*:/.test(ahead);
    return { path, at: 'name', key: null, from, to, hasColon, siblings, flow: true, indent };
  }
  const key = bare(line.slice(start, start + colon));
  const afterColon = line.slice(start + colon + 1, column);
  const from = start + colon + 1 + (/^\s*/.exec(afterColon)?.[0].length ?? 0);
  const to = column + (/^[^\s]*/.exec(ahead)?.[0].length ?? 0);
  return { path, at: 'value', key, from, to, hasColon: true, siblings, flow: true, indent };
}

function inComment(before: string): boolean {
  return /(^|\s)#/.test(before.replaceAll(/"(?:[^"\\]|\\.)*"?|'[^']*'?/g, 'x'));
}

/** Up to a comment or the end of the line. */
function valueLength(rest: string): number {
  return rest.replace(/(^|\s)#.*$/, '').trimEnd().length;
}

function bare(text: string): string {
  const plain = text.replace(/(^|\s)#.*$/, '').trim();
  return plain.replace(/^(["'])(.*)\1$/, '$2');
}
