import type { SealableRow } from '../store/requests/vault.ts';
import type { Store } from '../store/store.ts';
import type { DataKey } from './envelope.ts';
import type { KeyRing } from './key-ring.ts';
import { type RowPlace, type RowSeal, sealingKeyOf } from './row-seal.ts';

export interface Rotated {
  readonly workspaces: number;
  readonly rows: number;
  /** Of the rows, those that stood there as they were written. */
  readonly unsealed: number;
  readonly keys: number;
}

export interface RotateParts {
  /** As it is below the vault. */
  readonly store: Store;
  readonly ring: KeyRing;
  readonly seal: (key: DataKey) => RowSeal;
  readonly open: (place: RowPlace, bytes: Uint8Array) => Promise<Uint8Array>;
  readonly progress: (line: string) => void;
}

/** What is in memory at once: rows of the log have 4 MiB at most, states 16 MiB and more. */
const ROWS_AT_ONCE = { log: 50, snapshot: 4, version: 4 } as const;
/** Another server seals with the key before until it meets the new one; what it wrote so is as safe as before. */
const MAX_ROUNDS = 5;
const kinds = ['log', 'snapshot', 'version'] as const;

/**
 * While a server runs: rows that are written meanwhile are sealed with the new key already, and one that changes
 * under the hand is left to the next round. Ends when a round finds nothing.
 */
export async function rotateKeys(parts: RotateParts): Promise<Rotated> {
  const { store, ring, progress } = parts;
  const workspaces = await store.call('allWorkspaces', null);
  let rows = 0;
  let unsealed = 0;
  for (const workspace of workspaces) {
    const key = await ring.make(workspace, ring.current(workspace)?.strict ?? false);
    let before = rows;
    for (let round = 1; round <= MAX_ROUNDS; round++) {
      for (const kind of kinds) {
        const sealed = await sealAll(parts, workspace, kind, key);
        rows += sealed.rows;
        unsealed += sealed.unsealed;
      }
      if (rows === before) break;
      before = rows;
    }
    await ring.close(key);
    progress(`${workspace}: sealed with key ${key.id}`);
  }
  if (unsealed > 0) {
    progress('Writing the database anew, without what is left of texts that were not sealed');
    await store.scrub();
  }
  return { workspaces: workspaces.length, rows, unsealed, keys: await ring.rewrap() };
}

/** Counts rows that got another seal, or should have. */
async function sealAll(
  { store, seal, open }: RotateParts,
  workspace: string,
  kind: SealableRow['kind'],
  key: DataKey,
): Promise<{ readonly rows: number; readonly unsealed: number }> {
  const sealer = seal(key);
  const done = { rows: 0, unsealed: 0 };
  for (let after = ''; ; ) {
    const rows = await store.call('sealableRows', { kind, workspace, after, limit: ROWS_AT_ONCE[kind] });
    const last = rows.at(-1);
    if (last === undefined) return done;
    after = last.id;
    for (const { id, project, data: from } of rows) {
      const sealedWith = sealingKeyOf(from);
      if (sealedWith === key.id) continue;
      const to = sealer.seal({ kind, project }, await open({ kind, project }, from));
      await store.call('reseal', { kind, id, from, to });
      done.rows++;
      if (sealedWith === null) done.unsealed++;
    }
  }
}
