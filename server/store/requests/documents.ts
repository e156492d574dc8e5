import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';
import type { DocumentName, Seed, Write } from '../write.ts';

type Db = Kysely<Tables>;

export interface StoredDocument {
  /** Null also where it holds nothing that came after `after`. */
  readonly snapshot: Uint8Array | null;
  readonly updates: readonly Uint8Array[];
  /** These and what came before hold every row of the document's log up to this one. */
  readonly seq: number;
}

/** What came into the log of all documents. */
export interface LogPart {
  readonly rows: readonly (DocumentName & { readonly data: Uint8Array })[];
  /** Documents of which rows may have been replaced by a snapshot meanwhile: to be loaded from it. */
  readonly compacted: readonly DocumentName[];
  /** What is behind this number is not in the part. */
  readonly seq: number;
  /** Whether there is more behind it. */
  readonly more: boolean;
}

/** Before the first row of any log, and before any snapshot. */
export const BEFORE_ALL = -1;

export async function documentId(db: Db, { project, path }: DocumentName): Promise<number | undefined> {
  const found = await db
    .selectFrom('documents')
    .select('id')
    .where('project', '=', project)
    .where('path', '=', path)
    .executeTakeFirst();
  return found?.id;
}

export async function ensureDocument(db: Db, name: DocumentName): Promise<number> {
  const found = await documentId(db, name);
  if (found !== undefined) return found;
  const { project, path } = name;
  const made = await db
    .insertInto('documents')
    .values({ project, path })
    .returning('id')
    .executeTakeFirstOrThrow();
  return made.id;
}

export async function insertSeeds(db: Db, project: string, seeds: readonly Seed[]): Promise<void> {
  for (const { path, data } of seeds) {
    const document = await ensureDocument(db, { project, path });
    await db.insertInto('snapshots').values({ document, data }).execute();
  }
}

/** The rare writes; appending is each adapter's own. */
export async function change(db: Db, write: Exclude<Write, { kind: 'append' }>): Promise<void> {
  const { project, path } = write;
  if (write.kind === 'seed') {
    await insertSeeds(db, project, [write]);
  } else if (write.kind === 'rename') {
    const found = db.updateTable('documents').where('project', '=', project).where('path', '=', path);
    await found.set({ path: write.to }).execute();
  } else {
    await db.deleteFrom('documents').where('project', '=', project).where('path', '=', path).execute();
  }
}

export const documentRequests = {
  /** All of a document, or what came after a row of its log: always enough, sometimes more. */
  async loadDocument(
    db: Db,
    { after = BEFORE_ALL, ...name }: DocumentName & { readonly after?: number },
  ): Promise<StoredDocument> {
    const document = await documentId(db, name);
    const from = Math.max(0, after);
    if (document === undefined) return { snapshot: null, updates: [], seq: from };
    const snapshot = await db
      .selectFrom('snapshots')
      .select(['data', 'upto'])
      .where('document', '=', document)
      .where('upto', '>', after)
      .executeTakeFirst();
    const updates = await db
      .selectFrom('updates')
      .select(['seq', 'data'])
      .where('document', '=', document)
      .where('seq', '>', after)
      .orderBy('seq')
      .execute();
    const seq = Math.max(from, snapshot?.upto ?? from, updates.at(-1)?.seq ?? from);
    return { snapshot: snapshot?.data ?? null, updates: updates.map((row) => row.data), seq };
  },

  /**
   * Puts one state in the place of the log up to and with row `upto`. The state must hold all of these rows.
   * Does nothing where a later one stands there already, of another server.
   */
  async compact(
    db: Db,
    { state, upto, ...name }: DocumentName & { readonly state: Uint8Array; readonly upto: number },
  ): Promise<null> {
    const document = await documentId(db, name);
    if (document === undefined) return null;
    const put = await db
      .insertInto('snapshots')
      .values({ document, data: state, upto })
      .onConflict((conflict) =>
        conflict.column('document').doUpdateSet({ data: state, upto }).where('snapshots.upto', '<=', upto),
      )
      .returning('document')
      .executeTakeFirst();
    if (put === undefined) return null;
    await db.deleteFrom('updates').where('document', '=', document).where('seq', '<=', upto).execute();
    return null;
  },

  /** What came into the log after a row, the oldest first. */
  async logAfter(
    db: Db,
    { after, limit }: { readonly after: number; readonly limit: number },
  ): Promise<LogPart> {
    const rows = await db
      .selectFrom('updates')
      .innerJoin('documents', 'documents.id', 'updates.document')
      .select(['documents.project', 'documents.path', 'updates.seq', 'updates.data'])
      .where('updates.seq', '>', after)
      .orderBy('updates.seq')
      .limit(limit)
      .execute();
    const compacted = await db
      .selectFrom('snapshots')
      .innerJoin('documents', 'documents.id', 'snapshots.document')
      .select(['documents.project', 'documents.path', 'snapshots.upto'])
      .where('snapshots.upto', '>', after)
      .execute();
    const more = rows.length === limit;
    const last = rows.at(-1)?.seq ?? after;
    return {
      rows: rows.map(({ project, path, data }) => ({ project, path, data })),
      compacted: compacted.map(({ project, path }) => ({ project, path })),
      seq: more ? last : Math.max(last, ...compacted.map(({ upto }) => upto)),
      more,
    };
  },

  async ping(db: Db, _input: null): Promise<null> {
    await sql`select 1`.execute(db);
    return null;
  },
};
