import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';

type Db = Kysely<Tables>;

export interface WrappedKey {
  readonly id: string;
  readonly workspace: string;
  readonly wrapped: Uint8Array;
}

/** A row whose bytes are sealed where the vault is in use. */
export interface SealableRow {
  readonly kind: 'log' | 'snapshot' | 'version';
  /** Within its kind, in the order of the ids. */
  readonly id: string;
  readonly project: string;
  readonly data: Uint8Array;
}

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

async function rowsOf(
  db: Db,
  { kind, workspace, after, limit }: Parameters<(typeof vaultRequests)['sealableRows']>[1],
): Promise<SealableRow[]> {
  const documents = db
    .selectFrom('documents')
    .innerJoin('projects', 'projects.id', 'documents.project')
    .where('projects.workspace', '=', workspace);
  if (kind === 'log') {
    const rows = await documents
      .innerJoin('updates', 'updates.document', 'documents.id')
      .select(['updates.seq as id', 'documents.project', 'updates.data'])
      .where('updates.seq', '>', Number(after || -1))
      .orderBy('updates.seq')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ ...row, kind, id: String(row.id) }));
  }
  if (kind === 'snapshot') {
    const rows = await documents
      .innerJoin('snapshots', 'snapshots.document', 'documents.id')
      .select(['snapshots.document as id', 'documents.project', 'snapshots.data'])
      .where('snapshots.document', '>', Number(after || -1))
      .orderBy('snapshots.document')
      .limit(limit)
      .execute();
    return rows.map((row) => ({ ...row, kind, id: String(row.id) }));
  }
  const rows = await documents
    .innerJoin('versions', 'versions.document', 'documents.id')
    .select(['versions.id', 'documents.project', 'versions.state as data'])
    .where('versions.id', '>', after)
    .orderBy('versions.id')
    .limit(limit)
    .execute();
  return rows.map((row) => ({ ...row, kind }));
}

async function dataOf(db: Db, { kind, id }: Pick<SealableRow, 'kind' | 'id'>): Promise<Uint8Array | null> {
  if (kind === 'log') {
    const row = await db
      .selectFrom('updates')
      .select('data')
      .where('seq', '=', Number(id))
      .executeTakeFirst();
    return row?.data ?? null;
  }
  if (kind === 'snapshot') {
    const row = await db
      .selectFrom('snapshots')
      .select('data')
      .where('document', '=', Number(id))
      .executeTakeFirst();
    return row?.data ?? null;
  }
  const row = await db.selectFrom('versions').select('state').where('id', '=', id).executeTakeFirst();
  return row?.state ?? null;
}

export const vaultRequests = {
  /** In the order in which they were made. */
  async vaultKeys(db: Db, _input: null): Promise<WrappedKey[]> {
    return db
      .selectFrom('vault_keys')
      .select(['id', 'workspace', 'wrapped'])
      .orderBy('created')
      .orderBy('id')
      .execute();
  },

  async addVaultKey(db: Db, key: WrappedKey & { readonly created: number }): Promise<null> {
    await db.insertInto('vault_keys').values(key).execute();
    return null;
  },

  async rewrapVaultKey(
    db: Db,
    { id, wrapped }: { readonly id: string; readonly wrapped: Uint8Array },
  ): Promise<null> {
    await db.updateTable('vault_keys').set({ wrapped }).where('id', '=', id).execute();
    return null;
  },

  /** Whether anything of the workspace is stored. */
  async hasDocuments(db: Db, workspace: string): Promise<boolean> {
    const found = await db
      .selectFrom('documents')
      .innerJoin('projects', 'projects.id', 'documents.project')
      .select('documents.id')
      .where('projects.workspace', '=', workspace)
      .limit(1)
      .executeTakeFirst();
    return found !== undefined;
  },

  async allWorkspaces(db: Db, _input: null): Promise<string[]> {
    const rows = await db.selectFrom('workspaces').select('id').orderBy('id').execute();
    return rows.map(({ id }) => id);
  },

  /** `after`: the id of the last one that the caller has; empty at the beginning. */
  async sealableRows(
    db: Db,
    input: {
      readonly kind: SealableRow['kind'];
      readonly workspace: string;
      readonly after: string;
      readonly limit: number;
    },
  ): Promise<SealableRow[]> {
    return rowsOf(db, input);
  },

  /** Puts other bytes in the place of a row's, unless somebody has changed it meanwhile. Says whether it did. */
  async reseal(
    db: Db,
    {
      kind,
      id,
      from,
      to,
    }: Pick<SealableRow, 'kind' | 'id'> & { readonly from: Uint8Array; readonly to: Uint8Array },
  ): Promise<boolean> {
    const now = await dataOf(db, { kind, id });
    if (now === null || !isSame(now, from)) return false;
    if (kind === 'log') {
      await db.updateTable('updates').set({ data: to }).where('seq', '=', Number(id)).execute();
    } else if (kind === 'snapshot') {
      await db.updateTable('snapshots').set({ data: to }).where('document', '=', Number(id)).execute();
    } else {
      await db.updateTable('versions').set({ state: to }).where('id', '=', id).execute();
    }
    return true;
  },
};
