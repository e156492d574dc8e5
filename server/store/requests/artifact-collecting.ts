import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';
import type { ArtifactPart } from './artifact-uploads.ts';

type Db = Kysely<Tables>;

const ROWS_AT_ONCE = 500;

const documentsIn = (db: Db, workspace: string) =>
  db
    .selectFrom('documents')
    .innerJoin('projects', 'projects.id', 'documents.project')
    .where('projects.workspace', '=', workspace);

async function isWrittenSince(
  db: Db,
  workspace: string,
  { seq, document }: { readonly seq: number; readonly document: number },
): Promise<boolean> {
  const documents = documentsIn(db, workspace);
  const row = documents
    .innerJoin('updates', 'updates.document', 'documents.id')
    .select('updates.seq')
    .where('updates.seq', '>', seq)
    .limit(1);
  const snapshot = documents
    .innerJoin('snapshots', 'snapshots.document', 'documents.id')
    .select('snapshots.upto')
    .where('snapshots.upto', '>', seq)
    .limit(1);
  const made = documents.select('documents.id').where('documents.id', '>', document).limit(1);
  for (const query of [row, snapshot, made]) if ((await query.execute()).length > 0) return true;
  return false;
}

const held = (db: Db, workspace: string) =>
  db
    .selectFrom('artifact_holds')
    .innerJoin('projects', 'projects.id', 'artifact_holds.project')
    .where('projects.workspace', '=', workspace)
    .select('artifact_holds.sha256');

/** What refers to artifacts, what nothing refers to, and which blobs are needed. */
export const collectingRequests = {
  /** Replaces what a holder, such as a run, refers to. */
  async holdArtifacts(
    db: Db,
    hold: {
      readonly project: string;
      readonly holder: string;
      readonly hashes: readonly string[];
      readonly now: number;
    },
  ): Promise<null> {
    const { project, holder, hashes, now } = hold;
    await db
      .deleteFrom('artifact_holds')
      .where('project', '=', project)
      .where('holder', '=', holder)
      .execute();
    if (hashes.length === 0) return null;
    const rows = [...new Set(hashes)].map((sha256) => ({ project, holder, sha256, created: now }));
    await db.insertInto('artifact_holds').values(rows).execute();
    return null;
  },

  /** By projects of the workspace: what others hold is none of it. */
  async heldArtifacts(db: Db, workspace: string): Promise<string[]> {
    const rows = await held(db, workspace).distinct().execute();
    return rows.map(({ sha256 }) => sha256);
  },

  /** What the workspace has and nobody has touched since a time. */
  async idleArtifacts(
    db: Db,
    { workspace, before }: { readonly workspace: string; readonly before: number },
  ): Promise<{ readonly sha256: string; readonly bytes: number }[]> {
    return db
      .selectFrom('artifact_owners')
      .select(['sha256', 'bytes'])
      .where('workspace', '=', workspace)
      .where('touched', '<', before)
      .orderBy('sha256')
      .execute();
  },

  /**
   * Takes artifacts from the workspace, but for those that were touched, held or named by a version meanwhile;
   * answers with the rest. Null, and nothing done, where something was written in the workspace since the caller
   * looked: it may name them.
   */
  async disownArtifacts(
    db: Db,
    wish: {
      readonly workspace: string;
      readonly hashes: readonly string[];
      readonly before: number;
      readonly since: { readonly seq: number; readonly document: number };
    },
  ): Promise<string[] | null> {
    if (await isWrittenSince(db, wish.workspace, wish.since)) return null;
    const named = new Set(await collectingRequests.versionArtifacts(db, wish.workspace));
    const hashes = wish.hashes.filter((sha256) => !named.has(sha256));
    const gone: string[] = [];
    for (let first = 0; first < hashes.length; first += ROWS_AT_ONCE) {
      const rows = await db
        .deleteFrom('artifact_owners')
        .where('workspace', '=', wish.workspace)
        .where('sha256', 'in', hashes.slice(first, first + ROWS_AT_ONCE))
        .where('touched', '<', wish.before)
        .where('sha256', 'not in', held(db, wish.workspace))
        .returning('sha256')
        .execute();
      gone.push(...rows.map(({ sha256 }) => sha256));
    }
    await sql`delete from artifact_parts where artifact not in (select sha256 from artifact_owners)`.execute(
      db,
    );
    return gone;
  },

  async countArtifacts(db: Db, workspace: string): Promise<number> {
    const row = await db
      .selectFrom('artifact_owners')
      .where('workspace', '=', workspace)
      .select(({ fn }) => fn.countAll<number | string>().as('count'))
      .executeTakeFirst();
    return Number(row?.count ?? 0);
  },

  /** Bytes of the blobs that nothing but these artifacts of the workspace is made of. */
  async bytesOnlyOf(
    db: Db,
    { workspace, hashes }: { readonly workspace: string; readonly hashes: readonly string[] },
  ): Promise<number> {
    const going = new Set(hashes);
    const rows = await db
      .selectFrom('artifact_parts')
      .innerJoin('artifact_owners', 'artifact_owners.sha256', 'artifact_parts.artifact')
      .select(['artifact_parts.part', 'artifact_parts.bytes', 'artifact_parts.artifact', 'workspace'])
      .execute();
    const stays = (row: (typeof rows)[number]): boolean =>
      row.workspace !== workspace || !going.has(row.artifact);
    const needed = new Set(rows.filter(stays).map(({ part }) => part));
    const freed = new Map(
      rows.filter(({ part }) => !needed.has(part)).map(({ part, bytes }) => [part, bytes]),
    );
    return [...freed.values()].reduce((sum, bytes) => sum + bytes, 0);
  },

  /** What versions of texts name: the review keeps a list with each. */
  async versionArtifacts(db: Db, workspace: string): Promise<string[]> {
    const rows = await documentsIn(db, workspace)
      .innerJoin('versions', 'versions.document', 'documents.id')
      .select('versions.artifacts')
      .distinct()
      .execute();
    return rows.flatMap(({ artifacts }) => JSON.parse(artifacts) as string[]);
  },

  /** Which of these blobs an artifact is made of that somebody has, and who has it. */
  async neededBlobs(
    db: Db,
    hashes: readonly string[],
  ): Promise<{ readonly workspace: string; readonly part: string }[]> {
    if (hashes.length === 0) return [];
    return db
      .selectFrom('artifact_parts')
      .innerJoin('artifact_owners', 'artifact_owners.sha256', 'artifact_parts.artifact')
      .where('artifact_parts.part', 'in', [...hashes])
      .select(['artifact_owners.workspace', 'artifact_parts.part'])
      .distinct()
      .execute();
  },

  async artifactWorkspaces(db: Db, _input: null): Promise<string[]> {
    const rows = await db.selectFrom('artifact_owners').select('workspace').distinct().execute();
    return rows.map(({ workspace }) => workspace);
  },

  /** All blobs that the artifacts of a workspace are made of. */
  async blobsOf(db: Db, workspace: string): Promise<ArtifactPart[]> {
    return db
      .selectFrom('artifact_parts')
      .innerJoin('artifact_owners', 'artifact_owners.sha256', 'artifact_parts.artifact')
      .where('artifact_owners.workspace', '=', workspace)
      .select(['artifact_parts.part as sha256', 'artifact_parts.bytes'])
      .distinct()
      .execute();
  },

  /** Names of all documents of the workspace's projects, deleted ones too: they can be restored. */
  async documentsOf(
    db: Db,
    workspace: string,
  ): Promise<{ readonly id: number; readonly project: string; readonly path: string }[]> {
    return documentsIn(db, workspace)
      .select(['documents.id', 'documents.project', 'documents.path'])
      .orderBy('documents.id')
      .execute();
  },
};
