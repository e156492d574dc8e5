import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';

type Db = Kysely<Tables>;

export interface ArtifactKey {
  readonly workspace: string;
  readonly sha256: string;
}

export interface ArtifactPart {
  readonly sha256: string;
  readonly bytes: number;
}

/** In bytes. */
export interface ArtifactUse {
  /** Bytes of the blobs that the workspace's artifacts are made of, each once. */
  readonly used: number;
  /** Announced by uploads that have not finished. */
  readonly pending: number;
  /** What the workspace may have; null: any number. */
  readonly quota: number | null;
}

/** What became of the wish to upload. */
export type Begun =
  | { readonly kind: 'begun' }
  /** Somebody else is sending it at the moment. */
  | { readonly kind: 'busy' }
  | { readonly kind: 'full'; readonly use: ArtifactUse };

const ROWS_AT_ONCE = 500;

async function spaceOf(db: Db, workspace: string, usual: number | null): Promise<ArtifactUse> {
  const limits = await db
    .selectFrom('workspaces')
    .select('quota_bytes')
    .where('id', '=', workspace)
    .executeTakeFirst();
  const blobs = db
    .selectFrom('artifact_owners')
    .innerJoin('artifact_parts', 'artifact_parts.artifact', 'artifact_owners.sha256')
    .where('artifact_owners.workspace', '=', workspace)
    .select(['artifact_parts.part', 'artifact_parts.bytes'])
    .distinct();
  const used = await db
    .selectFrom(blobs.as('blobs'))
    .select(({ fn }) => fn.sum<number | string | null>('blobs.bytes').as('bytes'))
    .executeTakeFirst();
  const pending = await db
    .selectFrom('artifact_uploads')
    .where('workspace', '=', workspace)
    .select(({ fn }) => fn.sum<number | string | null>('bytes').as('bytes'))
    .executeTakeFirst();
  // PostgreSQL answers with a text, as a sum may outgrow its addends.
  return {
    used: Number(used?.bytes ?? 0),
    pending: Number(pending?.bytes ?? 0),
    quota: limits?.quota_bytes ?? usual,
  };
}

async function insertParts(db: Db, artifact: string, parts: readonly ArtifactPart[]): Promise<void> {
  for (let first = 0; first < parts.length; first += ROWS_AT_ONCE) {
    const rows = parts
      .slice(first, first + ROWS_AT_ONCE)
      .map(({ sha256, bytes }, i) => ({ artifact, position: first + i, part: sha256, bytes }));
    await db
      .insertInto('artifact_parts')
      .values(rows)
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
}

async function owned(db: Db, { workspace, sha256 }: ArtifactKey): Promise<number | null> {
  const row = await db
    .selectFrom('artifact_owners')
    .select('bytes')
    .where('workspace', '=', workspace)
    .where('sha256', '=', sha256)
    .executeTakeFirst();
  return row?.bytes ?? null;
}

async function partsOf(db: Db, sha256: string): Promise<ArtifactPart[]> {
  return db
    .selectFrom('artifact_parts')
    .select(['part as sha256', 'bytes'])
    .where('artifact', '=', sha256)
    .orderBy('position')
    .execute();
}

export const artifactRequests = {
  /** What the workspace has under this hash, and of which blobs it is made; null where it has none. */
  async findArtifact(
    db: Db,
    key: ArtifactKey,
  ): Promise<{ readonly bytes: number; readonly parts: readonly ArtifactPart[] } | null> {
    const bytes = await owned(db, key);
    return bytes === null ? null : { bytes, parts: await partsOf(db, key.sha256) };
  },

  /** Of what blobs an artifact is made that any workspace has; null where nobody has it. */
  async knownParts(db: Db, sha256: string): Promise<readonly ArtifactPart[] | null> {
    const parts = await partsOf(db, sha256);
    return parts.length === 0 ? null : parts;
  },

  /** The blobs are all there: from now on the workspace has the artifact, and its upload is over. */
  async ownArtifact(
    db: Db,
    artifact: ArtifactKey & {
      readonly bytes: number;
      readonly parts: readonly ArtifactPart[];
      readonly now: number;
    },
  ): Promise<null> {
    const { workspace, sha256, bytes, parts, now } = artifact;
    await insertParts(db, sha256, parts);
    await db
      .insertInto('artifact_owners')
      .values({ workspace, sha256, bytes, touched: now })
      .onConflict((conflict) => conflict.columns(['workspace', 'sha256']).doUpdateSet({ touched: now }))
      .execute();
    await artifactRequests.endUpload(db, artifact);
    return null;
  },

  /** It is about to be referred to, or was asked for. */
  async touchArtifact(
    db: Db,
    { workspace, sha256, now }: ArtifactKey & { readonly now: number },
  ): Promise<null> {
    await db
      .updateTable('artifact_owners')
      .set({ touched: now })
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .where('touched', '<', now)
      .execute();
    return null;
  },

  /** `usual` is the quota of workspaces that have none of their own. */
  async artifactUse(
    db: Db,
    { workspace, usual }: { readonly workspace: string; readonly usual: number | null },
  ): Promise<ArtifactUse> {
    return spaceOf(db, workspace, usual);
  },

  /** Reserves room for an upload, or takes up one that has begun; the client alone may send until then. */
  async beginUpload(
    db: Db,
    upload: ArtifactKey & {
      readonly bytes: number;
      readonly client: string;
      readonly now: number;
      readonly until: number;
      /** The quota of workspaces that have none of their own. */
      readonly usual: number | null;
    },
  ): Promise<Begun> {
    const { workspace, sha256, bytes, client, now, until, usual } = upload;
    const before = await db
      .selectFrom('artifact_uploads')
      .selectAll()
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    if (before !== undefined && before.client !== client && before.until > now) return { kind: 'busy' };
    const use = await spaceOf(db, workspace, usual);
    const others = use.pending - (before?.bytes ?? 0);
    if (use.quota !== null && use.used + others + bytes > use.quota) return { kind: 'full', use };
    await db
      .insertInto('artifact_uploads')
      .values({ workspace, sha256, bytes, client, until, created: now })
      .onConflict((conflict) =>
        conflict.columns(['workspace', 'sha256']).doUpdateSet({ bytes, client, until }),
      )
      .execute();
    return { kind: 'begun' };
  },

  /** Lets one client send until then, unless another may at the moment. */
  async claimUpload(
    db: Db,
    claim: ArtifactKey & { readonly client: string; readonly now: number; readonly until: number },
  ): Promise<'claimed' | 'busy' | 'unknown'> {
    const { workspace, sha256, client, now, until } = claim;
    const claimed = await db
      .updateTable('artifact_uploads')
      .set({ client, until })
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .where((where) => where.or([where('client', '=', client), where('until', '<=', now)]))
      .returning('sha256')
      .executeTakeFirst();
    if (claimed !== undefined) return 'claimed';
    const there = await db
      .selectFrom('artifact_uploads')
      .select('sha256')
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return there === undefined ? 'unknown' : 'busy';
  },

  /** Announced bytes; null where none has begun. */
  async uploadBytes(db: Db, { workspace, sha256 }: ArtifactKey): Promise<number | null> {
    const upload = await db
      .selectFrom('artifact_uploads')
      .select('bytes')
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .executeTakeFirst();
    return upload?.bytes ?? null;
  },

  async endUpload(db: Db, { workspace, sha256 }: ArtifactKey): Promise<null> {
    await db
      .deleteFrom('artifact_uploads')
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .execute();
    return null;
  },

  /** Forgets uploads that nobody has sent anything for since a time; answers with those that are left. */
  async expireUploads(
    db: Db,
    { before, now }: { readonly before: number; readonly now: number },
  ): Promise<ArtifactKey[]> {
    await db
      .deleteFrom('artifact_uploads')
      .where((where) =>
        where.or([
          where('until', '<', before),
          // Room that was set aside for bytes that come in one go, and whose server was killed.
          where.and([where('sha256', 'like', 'put-%'), where('until', '<', now)]),
        ]),
      )
      .execute();
    return db.selectFrom('artifact_uploads').select(['workspace', 'sha256']).execute();
  },

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

  async heldArtifacts(db: Db, _input: null): Promise<string[]> {
    const rows = await db.selectFrom('artifact_holds').select('sha256').distinct().execute();
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

  /** Takes artifacts from the workspace, but for those that were touched or held meanwhile; answers with the rest. */
  async disownArtifacts(
    db: Db,
    wish: { readonly workspace: string; readonly hashes: readonly string[]; readonly before: number },
  ): Promise<string[]> {
    const gone: string[] = [];
    for (let first = 0; first < wish.hashes.length; first += ROWS_AT_ONCE) {
      const rows = await db
        .deleteFrom('artifact_owners')
        .where('workspace', '=', wish.workspace)
        .where('sha256', 'in', wish.hashes.slice(first, first + ROWS_AT_ONCE))
        .where('touched', '<', wish.before)
        .where('sha256', 'not in', db.selectFrom('artifact_holds').select('sha256'))
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
  async versionArtifacts(db: Db, _input: null): Promise<string[]> {
    const rows = await db.selectFrom('versions').select('artifacts').distinct().execute();
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

  async areArtifactsOwned(db: Db, _input: null): Promise<boolean> {
    const done = await db
      .selectFrom('settings')
      .select('value')
      .where('key', '=', 'artifacts')
      .executeTakeFirst();
    return done !== undefined;
  },

  /** Gives blobs of versions before 0.2, which knew no owners, to a workspace: once in the life of a database. */
  async adoptArtifacts(
    db: Db,
    found: { readonly workspace: string; readonly blobs: readonly ArtifactPart[]; readonly now: number },
  ): Promise<boolean> {
    if (await artifactRequests.areArtifactsOwned(db, null)) return false;
    await db.insertInto('settings').values({ key: 'artifacts', value: 'owned' }).execute();
    const { workspace, now } = found;
    for (const blob of found.blobs)
      await artifactRequests.ownArtifact(db, { workspace, ...blob, parts: [blob], now });
    return true;
  },

  /** Names of all documents of the projects, deleted ones too: they can be restored. */
  async allDocuments(db: Db, _input: null): Promise<{ readonly project: string; readonly path: string }[]> {
    return db.selectFrom('documents').select(['project', 'path']).orderBy('id').execute();
  },
};
