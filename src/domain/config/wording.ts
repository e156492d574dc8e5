/** Values as YAML and as words. */

/** A number as YAML 1.1 and 1.2 both read it: an exponent needs a point before it. */
export function yamlNumber(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return '.inf';
  if (value === Number.NEGATIVE_INFINITY) return '-.inf';
  if (Number.isNaN(value)) return '.nan';
  if (value !== 0 && (Math.abs(value) < 1e-2 || Math.abs(value) >= 1e15)) {
    const [mantissa = '0', exponent = '0'] = value.toExponential().split('e');
    return `${mantissa.includes('.') ? mantissa : `${mantissa}.0`}e${exponent.replace('+', '')}`;
  }
  return String(value);
}

/** Reads back as this very text: plain where YAML allows it, else quoted. */
export function yamlString(value: string): string {
  const plain = /^[A-Za-z_][\w./-]*$/.test(value);
  const taken = /^(true|false|null|yes|no|on|off|y|n|~)$/i.test(value);
  return plain && !taken
    ? value
    : JSON.stringify(value).replaceAll(/[\u007f-\u009f\u2028\u2029\ufeff\ud800-\udfff]/g, escapeUnit);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** Any value of the config language, on one line. */
export function yamlValue(value: unknown): string {
  if (typeof value === 'number') return yamlNumber(value);
  if (typeof value === 'string') return yamlString(value);
  if (typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return `[${value.map(yamlValue).join(', ')}]`;
  if (value === null || typeof value !== 'object') return 'null';
  const entries = Object.entries(value).map(([key, item]) => `${key}: ${yamlValue(item)}`);
  return entries.length === 0 ? '{}' : `{ ${entries.join(', ')} }`;
}

export function shorten(text: string, most: number): string {
  if (text.length <= most) return text;
  const kept = text.slice(0, most - 1);
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}

/** 12,345,678. */
export function thousands(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}

/** "a, b or c". */
export function either(items: readonly string[]): string {
  return items.length < 2 ? (items[0] ?? '') : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`;
}
