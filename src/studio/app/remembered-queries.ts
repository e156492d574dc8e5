import type { QueryClient } from '@tanstack/react-query';

const KEY = 'anneal.remembered';

/**
 * Keeps the last answer to a few small questions, such as which projects there are, so that they can be
 * answered without a network too. They are shown at once and asked again as soon as a screen wants them.
 */
export function rememberQueries(queries: QueryClient, storage: Storage, names: readonly string[]): void {
  const remembered = read(storage).filter(({ key }) => names.includes(String(key[0])));
  for (const { key, data, at } of remembered) queries.setQueryData(key, data, { updatedAt: at });
  queries.getQueryCache().subscribe((event) => {
    if (event.type !== 'updated' || event.action.type !== 'success') return;
    if (!names.includes(String(event.query.queryKey[0]))) return;
    const all = queries
      .getQueryCache()
      .getAll()
      .filter(({ queryKey, state }) => names.includes(String(queryKey[0])) && state.data !== undefined)
      .map(({ queryKey, state }) => ({ key: queryKey, data: state.data, at: state.dataUpdatedAt }));
    try {
      storage.setItem(KEY, JSON.stringify(all));
    } catch {
      // Full or blocked: offline the list is missing, nothing else.
    }
  });
}

/** Somebody else comes to this browser. */
export function forgetQueries(storage: Pick<Storage, 'removeItem'>): void {
  storage.removeItem(KEY);
}

interface Remembered {
  readonly key: readonly unknown[];
  readonly data: unknown;
  readonly at: number;
}

function read(storage: Storage): Remembered[] {
  try {
    const value: unknown = JSON.parse(storage.getItem(KEY) ?? '[]');
    return Array.isArray(value) ? value.filter(isRemembered) : [];
  } catch {
    return [];
  }
}

function isRemembered(value: unknown): value is Remembered {
  if (typeof value !== 'object' || value === null || !('key' in value) || !('at' in value)) return false;
  return Array.isArray(value.key) && typeof value.at === 'number' && 'data' in value;
}
