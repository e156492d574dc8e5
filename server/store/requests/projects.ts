import type { Kysely } from 'kysely';
import type { Project } from '../../../src/protocol/http/projects.ts';
import type { Tables } from '../schema.ts';
import type { Seed } from '../write.ts';
import { insertSeeds } from './documents.ts';

type Db = Kysely<Tables>;

async function projectById(db: Db, id: string): Promise<Project | null> {
  return (await db.selectFrom('projects').selectAll().where('id', '=', id).executeTakeFirst()) ?? null;
}

export const projectRequests = {
  /** Of these workspaces, and these further projects. */
  async listProjects(
    db: Db,
    {
      deleted,
      workspaces,
      projects,
    }: {
      readonly deleted: boolean;
      readonly workspaces: readonly string[];
      readonly projects: readonly string[];
    },
  ): Promise<Project[]> {
    if (workspaces.length + projects.length === 0) return [];
    return db
      .selectFrom('projects')
      .selectAll()
      .where((where) =>
        where.or([
          ...(workspaces.length === 0 ? [] : [where('workspace', 'in', [...workspaces])]),
          ...(projects.length === 0 ? [] : [where('id', 'in', [...projects])]),
        ]),
      )
      .where('deleted', deleted ? 'is not' : 'is', null)
      .orderBy('created')
      .orderBy('id')
      .execute();
  },

  async getProject(db: Db, id: string): Promise<Project | null> {
    return projectById(db, id);
  },

  /** Nothing is done where the id is taken, be it by a deleted project: here, or in another workspace. */
  async createProject(
    db: Db,
    { seeds, ...project }: Omit<Project, 'deleted'> & { readonly seeds: readonly Seed[] },
  ): Promise<'created' | 'taken here' | 'taken elsewhere'> {
    const taken = await projectById(db, project.id);
    if (taken !== null) return taken.workspace === project.workspace ? 'taken here' : 'taken elsewhere';
    await db
      .insertInto('projects')
      .values({ ...project, deleted: null })
      .execute();
    await insertSeeds(db, project.id, seeds);
    return 'created';
  },

  async changeProject(
    db: Db,
    { id, ...change }: { readonly id: string; readonly name?: string; readonly deleted?: number | null },
  ): Promise<Project | null> {
    await db.updateTable('projects').set(change).where('id', '=', id).execute();
    return projectById(db, id);
  },

  /** Removes for good what was deleted before a time; answers with what there was. */
  async purgeProjects(
    db: Db,
    { before }: { readonly before: number },
  ): Promise<{ readonly id: string; readonly workspace: string }[]> {
    return db.deleteFrom('projects').where('deleted', '<', before).returning(['id', 'workspace']).execute();
  },

  /** Creates the sample once in the life of a database, so that who deletes it is rid of it. */
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
    return (await projectRequests.createProject(db, sample)) === 'created';
  },
};
