/** Plain values by path. Nothing inherited is ever read. */

export function getAt(value: unknown, path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, name)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[name];
  }
  return at;
}

/** A copy without what is at the path; the empty path leaves nothing. */
export function without(value: unknown, path: readonly string[]): unknown {
  const [name, ...rest] = path;
  if (name === undefined) return {};
  if (Array.isArray(value)) {
    return rest.length === 0
      ? value.filter((_, index) => String(index) !== name)
      : value.map((item, index) => (String(index) === name ? without(item, rest) : item));
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, name)) return value;
  const entries = Object.entries(value);
  return Object.fromEntries(
    rest.length === 0
      ? entries.filter(([key]) => key !== name)
      : entries.map(([key, item]) => [key, key === name ? without(item, rest) : item]),
  );
}
