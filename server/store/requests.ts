import { type Kysely, sql } from 'kysely';
import type { Project } from '../../src/protocol/http/projects.ts';
import type { Tables } from './schema.ts';

/** What the store can be asked, each run as a whole in the store's thread. Times come from the caller. */

export interface DocumentName {
  readonly project: string;
  readonly path: string;
}

/** What goes into one commit together with whatever else is waiting: all of it happens, or none. */
export type Write =
  | (DocumentName & { readonly kind: 'append'; readonly data: Uint8Array })
  /** The first state of a document that has none. */
  | (DocumentName & { readonly kind: 'seed'; readonly data: Uint8Array })
  | (DocumentName & { readonly kind: 'rename'; readonly to: string })
  | (DocumentName & { readonly kind: 'purge' });

/** A document's first state, made by the caller. */
export interface Seed {
  readonly path: string;
  readonly data: Uint8Array;
}

export interface StoredDocument {
  readonly snapshot: Uint8Array | null;
  readonly updates: readonly Uint8Array[];
}

type Db = Kysely<Tables>;

async function documentId(db: Db, { project, path }: DocumentName): Promise<number | undefined> {
  const found = await db
    .selectFrom('documents')
    .select('id')
    .where('project', '=', project)
    .where('path', '=', path)
    .executeTakeFirst();
  return found?.id;
}

async function ensureDocument(db: Db, name: DocumentName): Promise<number> {
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

async function insertSeeds(db: Db, project: string, seeds: readonly Seed[]): Promise<void> {
  for (const { path, data } of seeds) {
    const document = await ensureDocument(db, { project, path });
    await db.insertInto('snapshots').values({ document, data }).execute();
  }
}

async function change(db: Db, write: Exclude<Write, { kind: 'append' }>): Promise<void> {
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

async function projectById(db: Db, id: string): Promise<Project | null> {
  return (await db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

export const requests = {
  /** In order; all or none are on disk when this returns. */
  async write(db: Db, writes: readonly Write[]): Promise<null> {
    const ids = new Map<string, number>();
    let rows: { document: number; data: Uint8Array }[] = [];
    const flush = async (): Promise<void> => {
      if (rows.length > 0) await db.insertInto('updates').values(rows).execute();
      rows = [];
    };
    for (const write of writes) {
      if (write.kind === 'append') {
        const key = `${write.project}\n${write.path}`;
        const document = ids.get(key) ?? (await ensureDocument(db, write));
        ids.set(key, document);
        rows.push({ document, data: write.data });
        if (rows.length === 1000) await flush();
      } else {
        await flush();
        ids.clear();
        await change(db, write);
      }
    }
    await flush();
    return null;
  },

  async loadDocument(db: Db, name: DocumentName): Promise<StoredDocument> {
    const document = await documentId(db, name);
    if (document === undefined) return { snapshot: null, updates: [] };
    const snapshot = await db
      .selectFrom('snapshots')
      .select('data')
      .where('document', '=', document)
      .executeTakeFirst();
    const updates = await db
      .selectFrom('updates')
      .select('data')
      .where('document', '=', document)
      .orderBy('seq')
      .execute();
    return { snapshot: snapshot?.data ?? null, updates: updates.map((row) => row.data) };
  },

  /**
   * Puts one state in the place of the log. The state must hold every update that was handed to `append`
   * before this request was made.
   */
  async compact(db: Db, { state, ...name }: DocumentName & { readonly state: Uint8Array }): Promise<null> {
    const document = await documentId(db, name);
    if (document === undefined) return null;
    await db
      .insertInto('snapshots')
      .values({ document, data: state })
      .onConflict((conflict) => conflict.column('document').doUpdateSet({ data: state }))
      .execute();
    await db.deleteFrom('updates').where('document', '=', document).execute();
    return null;
  },

  async listProjects(db: Db, { deleted }: { readonly deleted: boolean }): Promise<Project[]> {
    return db
      .selectFrom('projects')
      .selectAll()
      .where('deleted', deleted ? 'is not' : 'is', null)
      .orderBy('created')
      .orderBy('id')
      .execute();
  },

  async getProject(db: Db, id: string): Promise<Project | null> {
    return projectById(db, id);
  },

  /** False, and nothing done, where the id is taken, be it by a deleted project. */
  async createProject(
    db: Db,
    { seeds, ...project }: Omit<Project, 'deleted'> & { readonly seeds: readonly Seed[] },
  ): Promise<boolean> {
    if ((await projectById(db, project.id)) !== null) return false;
    await db
      .insertInto('projects')
      .values({ ...project, deleted: null })
      .execute();
    await insertSeeds(db, project.id, seeds);
    return true;
  },

  async changeProject(
    db: Db,
    { id, ...change }: { readonly id: string; readonly name?: string; readonly deleted?: number | null },
  ): Promise<Project | null> {
    await db.updateTable('projects').set(change).where('id', '=', id).execute();
    return projectById(db, id);
  },

  /** Removes for good what was deleted before a time; answers with the ids. */
  async purgeProjects(db: Db, { before }: { readonly before: number }): Promise<string[]> {
    const rows = await db.deleteFrom('projects').where('deleted', '<', before).returning('id').execute();
    return rows.map((row) => row.id);
  },

  /** Creates the sample once in the life of a folder, so that who deletes it is rid of it. */
  async createSample(
    db: Db,
    sample: Omit<Project, 'deleted'> & { readonly seeds: readonly Seed[] },
  ): Promise<boolean> {
    const before = await db
      .selectFrom('settings')
      .select('value')
      .where('key', '=', 'sample')
      .executeTakeFirst();
    if (before !== undefined) return false;
    await db.insertInto('settings').values({ key: 'sample', value: sample.id }).execute();
    return requests.createProject(db, sample);
  },

  async ping(db: Db, _input: null): Promise<null> {
    await sql`select 1`.execute(db);
    return null;
  },
};

export type Requests = typeof requests;
export type RequestName = keyof Requests;
export type InputOf<N extends RequestName> = Parameters<Requests[N]>[1];
export type OutputOf<N extends RequestName> = Awaited<ReturnType<Requests[N]>>;
