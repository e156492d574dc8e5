import { randomBytes } from 'node:crypto';
import { type Kysely, sql } from 'kysely';
import { serverErrors } from '../../errors.ts';
import type { Tables } from '../schema.ts';
import type { DocumentName, Generation, Seed, Write, WriteUnit } from '../write.ts';
import { claimArtifacts } from './lending.ts';

type Db = Kysely<Tables>;

export interface StoredDocument {
  /** Null also where it holds nothing that came after `after`. */
  readonly snapshot: Uint8Array | null;
  readonly updates: readonly Uint8Array[];
  /** These and what came before hold every row of the document's log up to this one. */
  readonly seq: number;
  /** Which life of the document this is; null where there is none. */
  readonly generation: number | null;
}

export type DocumentLife = DocumentName & Generation;

/** What came into the log of all documents. */
export interface LogPart {
  readonly rows: readonly (DocumentLife & { readonly data: Uint8Array })[];
  /** Documents of which rows may have been replaced by a snapshot meanwhile: to be loaded from it. */
  readonly compacted: readonly DocumentLife[];
  /** What is behind this number is not in the part. */
  readonly seq: number;
  /** Whether there is more behind it. */
  readonly more: boolean;
}

/** Before the first row of any log, and before any snapshot. */
export const BEFORE_ALL = -1;

/** A number that no other document and no other life of this one has. */
export function newGeneration(): number {
  return randomBytes(6).readUIntBE(0, 6);
}

async function findDocument(
  db: Db,
  { project, path }: DocumentName,
): Promise<{ readonly id: number; readonly generation: number } | undefined> {
  return db
    .selectFrom('documents')
    .select(['id', 'generation'])
    .where('project', '=', project)
    .where('path', '=', path)
    .executeTakeFirst();
}

export async function documentId(db: Db, name: DocumentName): Promise<number | undefined> {
  return (await findDocument(db, name))?.id;
}

export async function ensureDocument(
  db: Db,
  name: DocumentName,
  generation = newGeneration(),
): Promise<number> {
  const found = await documentId(db, name);
  if (found !== undefined) return found;
  const { project, path } = name;
  const made = await db
    .insertInto('documents')
    .values({ project, path, generation })
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

/** Whether a unit may be written: every document is in the life that its writer knows, and a new one is new. */
export async function isCurrent(db: Db, unit: WriteUnit): Promise<boolean> {
  for (const write of unit) {
    if (write.kind === 'rename' || write.kind === 'purge' || write.kind === 'claim') continue;
    if (write.kind === 'decide') {
      if (!(await decides(db, write))) return false;
      continue;
    }
    const found = await findDocument(db, write);
    if (write.kind === 'seed') {
      if (found !== undefined && (await hasRowsAfter(db, found.id, BEFORE_ALL))) return false;
      continue;
    }
    if (found === undefined && write.kind === 'append' && write.creates) continue;
    if (found?.generation !== write.generation) return false;
    if (write.kind === 'rotate' && (await hasRowsAfter(db, found.id, write.upto))) return false;
  }
  return true;
}

/** Whether a document still is in this life, with nothing behind this row of its log. */
export async function isUnchanged(db: Db, life: DocumentLife, upto: number): Promise<boolean> {
  const found = await findDocument(db, life);
  return found?.generation === life.generation && !(await hasRowsAfter(db, found.id, upto));
}

async function decides(db: Db, { suggestion, token }: Extract<Write, { kind: 'decide' }>): Promise<boolean> {
  const claim = await db
    .selectFrom('decisions')
    .select('token')
    .where('suggestion', '=', suggestion)
    .executeTakeFirst();
  return claim?.token === token;
}

async function hasRowsAfter(db: Db, document: number, upto: number): Promise<boolean> {
  const row = await db
    .selectFrom('updates')
    .select('seq')
    .where('document', '=', document)
    .where('seq', '>', upto)
    .limit(1)
    .executeTakeFirst();
  const snapshot = await db
    .selectFrom('snapshots')
    .select('document')
    .where('document', '=', document)
    .where('upto', '>', upto)
    .executeTakeFirst();
  return row !== undefined || snapshot !== undefined;
}

/** The rare writes; appending is each adapter's own. */
export async function change(db: Db, write: Exclude<Write, { kind: 'append' }>): Promise<void> {
  const { project, path } = write;
  if (write.kind === 'seed') {
    await insertSeeds(db, project, [write]);
  } else if (write.kind === 'rotate') {
    await rotate(db, write);
  } else if (write.kind === 'decide') {
    await db.deleteFrom('decisions').where('suggestion', '=', write.suggestion).execute();
  } else if (write.kind === 'claim') {
    await claimArtifacts(db, write);
  } else if (write.kind === 'rename') {
    const found = db.updateTable('documents').where('project', '=', project).where('path', '=', path);
    await found.set({ path: write.to }).execute();
  } else {
    await db.deleteFrom('documents').where('project', '=', project).where('path', '=', path).execute();
  }
}

/** The state gets a number of its own in the log, so that every server that reads on there meets it. */
async function rotate(db: Db, write: Extract<Write, { kind: 'rotate' }>): Promise<void> {
  const { id: document } = await db
    .updateTable('documents')
    .set({ generation: write.next })
    .where('project', '=', write.project)
    .where('path', '=', write.path)
    .returning('id')
    .executeTakeFirstOrThrow();
  const { seq: upto } = await db
    .insertInto('updates')
    .values({ document, data: new Uint8Array() })
    .returning('seq')
    .executeTakeFirstOrThrow();
  const state = { data: write.data, upto };
  await db
    .insertInto('snapshots')
    .values({ document, ...state })
    .onConflict((conflict) => conflict.column('document').doUpdateSet(state))
    .execute();
  await db.deleteFrom('updates').where('document', '=', document).where('seq', '<=', upto).execute();
}

/** What is loaded of a document that is not there. */
export function nothingStored(after = BEFORE_ALL): StoredDocument {
  return { snapshot: null, updates: [], seq: Math.max(0, after), generation: null };
}

export const documentRequests = {
  /** All of a document, or what came after a row of its log: always enough, sometimes more. */
  async loadDocument(
    db: Db,
    { after = BEFORE_ALL, ...name }: DocumentName & { readonly after?: number },
  ): Promise<StoredDocument> {
    const found = await findDocument(db, name);
    if (found === undefined) return nothingStored(after);
    const from = Math.max(0, after);
    const { id: document, generation } = found;
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
    return { snapshot: snapshot?.data ?? null, updates: updates.map((row) => row.data), seq, generation };
  },

  /**
   * Puts one state in the place of the log up to and with row `upto`. The state must hold all of these rows.
   * Does nothing where a later one stands there already, of another server. Throws documentReplaced.
   */
  async compact(
    db: Db,
    { state, upto, ...life }: DocumentLife & { readonly state: Uint8Array; readonly upto: number },
  ): Promise<null> {
    const found = await findDocument(db, life);
    if (found?.generation !== life.generation) throw serverErrors.documentReplaced({ where: life.path });
    const { id: document } = found;
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
      .select(['documents.project', 'documents.path', 'documents.generation', 'updates.seq', 'updates.data'])
      .where('updates.seq', '>', after)
      .orderBy('updates.seq')
      .limit(limit)
      .execute();
    const compacted = await db
      .selectFrom('snapshots')
      .innerJoin('documents', 'documents.id', 'snapshots.document')
      .select(['documents.project', 'documents.path', 'documents.generation', 'snapshots.upto'])
      .where('snapshots.upto', '>', after)
      .execute();
    const more = rows.length === limit;
    const last = rows.at(-1)?.seq ?? after;
    return {
      rows: rows.map(({ seq: _, ...row }) => row),
      compacted: compacted.map(({ upto: _, ...life }) => life),
      seq: more ? last : Math.max(last, ...compacted.map(({ upto }) => upto)),
      more,
    };
  },

  /** The document's number and those of the rows of its log up to one; null where there is no such document. */
  async documentRows(
    db: Db,
    { upto, ...name }: DocumentName & { readonly upto: number },
  ): Promise<{ readonly document: number; readonly rows: readonly number[] } | null> {
    const document = await documentId(db, name);
    if (document === undefined) return null;
    const rows = await db
      .selectFrom('updates')
      .select('seq')
      .where('document', '=', document)
      .where('seq', '<=', upto)
      .orderBy('seq')
      .execute();
    return { document, rows: rows.map(({ seq }) => seq) };
  },

  async ping(db: Db, _input: null): Promise<null> {
    await sql`select 1`.execute(db);
    return null;
  },
};
