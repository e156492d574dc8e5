import type { FieldInfo } from './catalogue.ts';

/** What somebody probably meant, derived from the schema. */

/** Edits between two short words (Damerau and Levenshtein's, with adjacent swaps), at most `most` + 1. */
export function wordDistance(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1;
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + same);
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] && i > 1 && j > 1) {
        least = Math.min(least, (before[j - 2] ?? 0) + 1);
      }
      row.push(least);
    }
    [before, last] = [last, row];
  }
  return last[b.length] ?? most + 1;
}

/** The nearest of some words, nearest first; none when all are far. */
export function nearest(word: string, words: readonly string[], count = 3): string[] {
  const plain = word.toLowerCase().replaceAll(/[-\s]/g, '_').slice(0, 64);
  const most = Math.max(1, Math.floor(plain.length / 3));
  return words
    .map((candidate) => ({ candidate, distance: wordDistance(plain, candidate.toLowerCase(), most) }))
    .filter(({ distance }) => distance <= most)
    .sort((a, b) => a.distance - b.distance)
    .slice(0, count)
    .map(({ candidate }) => candidate);
}

/** Fields that a name may have meant: what other tools call so first, then the nearest names. */
export function nearestFields(name: string, fields: readonly FieldInfo[]): FieldInfo[] {
  const plain = name.toLowerCase().replaceAll('-', '_');
  const known = fields.filter((info) => info.name === plain || info.aliases.includes(plain));
  const near = nearest(
    name,
    fields.map((info) => info.name),
  ).flatMap((near) => fields.filter((info) => info.name === near));
  return [...new Set([...known, ...near])].slice(0, 3);
}

/** Whether a number is one that the field takes. */
export function fits(value: number, info: FieldInfo): boolean {
  const { range } = info;
  if (!Number.isFinite(value)) return false;
  if (info.kind === 'integer' && !Number.isSafeInteger(value)) return false;
  if (range === null) return true;
  if (range.least !== null && (value < range.least || (range.aboveLeast && value === range.least)))
    return false;
  return range.most === null || value < range.most || (!range.belowMost && value === range.most);
}

/** Values of the right kind that a value of the wrong kind may have meant, likeliest first. */
export function coerce(value: unknown, info: FieldInfo): unknown[] {
  switch (info.kind) {
    case 'integer':
    case 'number':
      return numbersIn(value).flatMap((number) => {
        if (fits(number, info)) return [number];
        return info.kind === 'integer'
          ? [Math.floor(number), Math.ceil(number)].filter((n) => fits(n, info))
          : [];
      });
    case 'boolean':
      if (value === 0 || /^(false|no|off|n|0)$/i.test(String(value))) return [false];
      return value === 1 || /^(true|yes|on|y|1)$/i.test(String(value)) ? [true] : [];
    case 'string':
      return typeof value === 'number' || typeof value === 'boolean' ? [String(value)] : [];
    case 'list':
      return typeof value === 'string' && value !== '' ? [[value]] : [];
    case 'option':
      return nearest(String(value), info.options);
    default:
      return [];
  }
}

/** "1e-3", "1,000", "1_000", "0,1", "2k", "10%", "2^10" and numbers themselves. */
function numbersIn(value: unknown): number[] {
  if (typeof value === 'number') return Number.isFinite(value) ? [value] : [];
  if (typeof value !== 'string' || value.length > 40) return [];
  const text = value.trim().replaceAll('_', '');
  if (/^[+-]?[1-9]\d{0,2}(,\d{3})+$/.test(text)) return [Number(text.replaceAll(',', ''))];
  const plain = text.replace(/^([+-]?\d+),(\d+)/, '$1.$2');
  const power = /^(\d+)\s*(?:\^|\*\*)\s*(\d+)$/.exec(plain);
  if (power !== null) return [Number(power[1]) ** Number(power[2])];
  const parts = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*([kmg%]?)$/i.exec(plain);
  if (parts === null) return [];
  const factor = { k: 1e3, m: 1e6, g: 1e9, '%': 0.01 }[(parts[2] ?? '').toLowerCase()] ?? 1;
  const number = Number(parts[1]) * factor;
  return Number.isFinite(number) ? [number] : [];
}

/** The legal number nearest to one that is out of range. */
export function clampInto(value: number, info: FieldInfo): number | null {
  const { range } = info;
  if (range === null || !Number.isFinite(value)) return null;
  const whole = info.kind === 'integer' ? Math.round(value) : value;
  const low = range.least !== null && whole <= range.least;
  const bound = low ? range.least : range.most !== null && whole >= range.most ? range.most : whole;
  if (bound === null) return null;
  return fits(bound, info) ? bound : null;
}
