import type { Store } from './store.ts';
import type { DocumentName } from './write.ts';

/** Where a stored piece of a document is: `document` is its number, `row` that of the row in its log. */
export interface StoredPlace {
  readonly document: number;
  /** Null: the snapshot. */
  readonly row: number | null;
}

/**
 * Says where a piece of what was loaded stands, so that whoever looks after the database finds it. Null where it has
 * changed meanwhile: another server may have written a snapshot in its place.
 */
export async function placeOf(
  store: Pick<Store, 'call'>,
  name: DocumentName,
  {
    index,
    of,
    upto,
  }: { /** -1: the snapshot. */ readonly index: number; readonly of: number; readonly upto: number },
): Promise<StoredPlace | null> {
  const found = await store.call('documentRows', { ...name, upto });
  if (found === null || found.rows.length !== of) return null;
  const { document, rows } = found;
  return { document, row: index < 0 ? null : (rows[index] ?? null) };
}
