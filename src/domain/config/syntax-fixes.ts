import type { Fix } from '../preflight/report.ts';
import type { Lines } from './lines.ts';

export interface Hint {
  readonly message: string;
  readonly fixes: readonly Fix[];
}

/** The mistakes that beginners make in YAML, told from the line that the parser stumbled over. */
export function syntaxHint(lines: Lines, number: number): Hint | null {
  const line = lines.line(number);
  const tabs = /^ *\t[ \t]*/.exec(line)?.[0];
  if (tabs !== undefined) {
    const spaces = tabs.replaceAll('\t', '  ');
    return {
      message: 'Lines are indented with spaces in YAML; this one starts with a tab.',
      fixes: [replace('Indent with spaces', number, 0, tabs.length, spaces)],
    };
  }
  const joined = /^\s*[A-Za-z_]\w*:(?=[\w"'.[{+-])/.exec(line)?.[0];
  if (joined !== undefined) {
    return {
      message: 'A space is missing behind the colon.',
      fixes: [replace('Add a space', number, joined.length, joined.length, ' ')],
    };
  }
  const assigned = /^(\s*[A-Za-z_]\w*)\s*=\s*(?=\S)/.exec(line);
  if (assigned !== null) {
    const name = assigned[1] ?? '';
    return {
      message: 'Values are given with a colon: `name: value`.',
      fixes: [replace('Use a colon', number, name.length, assigned[0].length, ': ')],
    };
  }
  return deeper(lines, number);
}

/** `optim: adamw` and below it, indented further, the next field. */
function deeper(lines: Lines, number: number): Hint | null {
  const above = /^(\s*)[A-Za-z_]\w*:\s+[^\s#]/.exec(lines.line(number));
  const below = /^(\s*)[A-Za-z_]\w*:(\s|$)/.exec(lines.line(number + 1));
  const [wanted, found] = [above?.[1], below?.[1]];
  if (wanted === undefined || found === undefined || found.length <= wanted.length) return null;
  return {
    message: `Line ${number + 2} is indented further than the line above it, which has a value already.`,
    fixes: [replace('Align the line', number + 1, 0, found.length, wanted)],
  };
}

function replace(title: string, line: number, from: number, to: number, newText: string): Fix {
  const range = { start: { line, character: from }, end: { line, character: to } };
  return { title, edits: [{ range, newText }] };
}
