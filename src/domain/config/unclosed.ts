import { isMap, isPair, isScalar, isSeq, type ParsedNode } from 'yaml';
import type { Lines } from './lines.ts';
import type { Hint } from './syntax-fixes.ts';

export interface Unclosed extends Hint {
  readonly start: number;
  readonly end: number;
}

const CLOSER: Readonly<Record<string, string>> = { '{': '}', '[': ']', '"': '"', "'": "'" };

/**
 * The quote, brace or bracket that the parser missed the end of, and which it noticed only where the text
 * ended or went on at another indentation. `at` is where it noticed, `detail` what it says; null where the
 * mistake is another one.
 */
export function unclosedAt(
  root: ParsedNode | null,
  at: number,
  detail: string,
  text: string,
  base: number,
  lines: Lines,
): Unclosed | null {
  const closer = /closing (["'])quote$|with an? ([\]}])$/.exec(detail);
  const wanted = closer?.[1] ?? closer?.[2];
  if (wanted === undefined || root === null) return null;
  const open: number[] = [];
  visit(root, (node) => {
    const [from, to] = node.range;
    if (to === at && CLOSER[text[from] ?? ''] === wanted && isOpen(text.slice(from, to), wanted))
      open.push(from);
  });
  if (open.length === 0) return null;
  const start = base + Math.max(...open);
  const number = lines.lineAt(start);
  // Those around it on the same line miss their end too.
  const missing = open.filter((from) => lines.lineAt(base + from) === number).length;
  const column = start - lines.start(number);
  const line = lines.line(number);
  const length = line
    .slice(column)
    .replace(/\s+#.*$/, '')
    .trimEnd().length;
  const character = column + length;
  const range = { start: { line: number, character }, end: { line: number, character } };
  const quote = wanted === '"' || wanted === "'";
  const what = quote ? `quote ${wanted}` : wanted === '}' ? 'brace {' : 'bracket [';
  // One of the other kind on the way may be what is open: which of the two comes first nobody can say.
  const others = wanted === '}' ? /[[\]]/ : /[{}]/;
  const goesOn =
    !quote && (others.test(line.slice(column)) || indentOf(lines.line(number + 1)) > indentOf(line));
  return {
    message: `The ${what} is not closed.`,
    fixes: goesOn
      ? []
      : [
          {
            title: `Close the ${quote ? 'quote' : wanted === '}' ? 'brace' : 'bracket'}`,
            edits: [{ range, newText: (wanted === '}' ? ' }' : wanted).repeat(quote ? 1 : missing) }],
          },
        ],
    start,
    end: start + length,
  };
}

/** Whether more is opened than closed in it. */
function isOpen(text: string, closer: string): boolean {
  const opener = Object.keys(CLOSER).find((key) => CLOSER[key] === closer) ?? '';
  return opener === closer || text.split(opener).length > text.split(closer).length;
}

function indentOf(line: string): number {
  return line.trim() === '' ? 0 : (/^\s*/.exec(line)?.[0].length ?? 0);
}

function visit(node: ParsedNode, see: (node: ParsedNode) => void): void {
  if (isScalar(node)) {
    if (node.type === 'QUOTE_DOUBLE' || node.type === 'QUOTE_SINGLE') see(node);
    return;
  }
  if (!isMap(node) && !isSeq(node)) return;
  if (node.flow === true) see(node);
  for (const item of node.items) {
    if (!isPair(item)) visit(item as ParsedNode, see);
    else {
      if (item.key !== null) visit(item.key as ParsedNode, see);
      if (item.value !== null) visit(item.value as ParsedNode, see);
    }
  }
}
