import type { Random } from '../../../base/random.ts';

/** What the slots of a template stand for in one story; fixed for its length, so that a red ball stays red. */
export type Slots = Readonly<Record<string, string>>;

/**
 * Writes out a template: `{name}` is a slot, `{Name}` the same with a capital, `{a name}` and `{A name}` with
 * its article, `[this|that]` one of several, which may hold slots and choices themselves.
 */
export function expand(template: string, slots: Slots, random: Random): string {
  let out = '';
  let at = 0;
  while (at < template.length) {
    const character = template.charAt(at);
    if (character === '{') {
      const end = template.indexOf('}', at);
      out += slot(template.slice(at + 1, end), slots);
      at = end + 1;
    } else if (character === '[') {
      const { options, end } = choices(template, at);
      out += expand(random.pick(options), slots, random);
      at = end;
    } else {
      out += character;
      at++;
    }
  }
  return out;
}

function slot(name: string, slots: Slots): string {
  const article = /^[aA] /.test(name) ? name.charAt(0) : '';
  const key = article === '' ? name.charAt(0).toLowerCase() + name.slice(1) : name.slice(2);
  const value = slots[key];
  if (value === undefined) throw new RangeError(`a story has no {${name}}`);
  if (article !== '') return article === 'A' ? capital(withArticle(value)) : withArticle(value);
  return name === key ? value : capital(value);
}

/** The options of the bracket that opens at `start`, and where it ends. */
function choices(template: string, start: number): { options: string[]; end: number } {
  const options: string[] = [];
  let depth = 0;
  let from = start + 1;
  for (let at = start; at < template.length; at++) {
    const character = template.charAt(at);
    if (character === '[') depth++;
    else if (character === ']') depth--;
    if ((character === '|' && depth === 1) || depth === 0) {
      options.push(template.slice(from, at));
      from = at + 1;
    }
    if (depth === 0) return { options, end: at + 1 };
  }
  throw new RangeError(`a bracket is not closed in: ${template}`);
}

export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** `a` or `an` by sound, as far as the words of the stories need it. */
export function withArticle(words: string): string {
  const sound = /^(?:[aeio]|u(?!ni|se)|hour|honest)/i.test(words) && !/^(?:one|eu)/i.test(words);
  return `${sound ? 'an' : 'a'} ${words}`;
}

/** The lines of a table, without blank ones. */
export function lines(table: string): readonly string[] {
  return table
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

/** Rows of named columns, divided by ` / `: what belongs together in one story stays together. */
export function rows<const K extends string>(
  columns: readonly K[],
  table: string,
): readonly Record<K, string>[] {
  return lines(table).map((line) => {
    const cells = line.split(' / ');
    if (cells.length !== columns.length) throw new RangeError(`a row has ${cells.length} cells: ${line}`);
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? ''])) as Record<K, string>;
  });
}
