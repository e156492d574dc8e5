import type { Kysely } from 'kysely';
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

/** Who wants to go on with an upload, and where. */
export interface UploadTurn {
  readonly client: string;
  /** The server process. */
  readonly server: string;
  /** Whether bytes come in now. */
  readonly sending: boolean;
}

/** What became of the wish to upload. */
export type Begun =
  | { readonly kind: 'begun' }
  /** Somebody else is sending it at the moment. */
  | { readonly kind: 'busy' }
  /** What there is besides this upload. */
  | { readonly kind: 'full'; readonly use: ArtifactUse };

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
  const own = limits?.quota_bytes ?? null;
  // PostgreSQL answers with a text, as a sum may outgrow its addends.
  return {
    used: Number(used?.bytes ?? 0),
    pending: Number(pending?.bytes ?? 0),
    quota: own === null || usual === null ? (own ?? usual) : Math.min(own, usual),
  };
}

/** Uploads that have begun, whose turn it is, and how much room there is. */
export const uploadRequests = {
  /** Null: no limit of its own. */
  async setArtifactQuota(
    db: Db,
    { workspace, quota }: { readonly workspace: string; readonly quota: number | null },
  ): Promise<null> {
    await db.updateTable('workspaces').set({ quota_bytes: quota }).where('id', '=', workspace).execute();
    return null;
  },

  /** Reserves room for an upload, or takes up one that has begun; the client alone may send until then. */
  async beginUpload(
    db: Db,
    upload: ArtifactKey & {
      readonly bytes: number;
      readonly client: string;
      readonly now: number;
      readonly until: number;
      /** The server's limit, as for `artifactUse`. */
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
    if (use.quota !== null && use.used + others + bytes > use.quota)
      return { kind: 'full', use: { ...use, pending: others } };
    await db
      .insertInto('artifact_uploads')
      .values({ workspace, sha256, bytes, client, until, created: now })
      .onConflict((conflict) =>
        conflict.columns(['workspace', 'sha256']).doUpdateSet({ bytes, client, until }),
      )
      .execute();
    return { kind: 'begun' };
  },

  /**
   * Lets one client send until then, unless another may at the moment. While bytes come in at a server, the
   * upload is the client's at that server alone: at another one he waits until the first has written them down.
   */
  async claimUpload(
    db: Db,
    claim: ArtifactKey & UploadTurn & { readonly now: number; readonly until: number },
  ): Promise<'claimed' | 'busy' | 'unknown'> {
    const { workspace, sha256, client, server, sending, now, until } = claim;
    const ofUpload = db
      .selectFrom('artifact_uploads')
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256);
    const upload = await ofUpload.select(['client', 'until']).executeTakeFirst();
    if (upload === undefined) return 'unknown';
    const bound = `${client}@${server}`;
    const isBound = upload.client === bound && upload.until > now;
    if (!isBound && upload.client !== client && upload.until > now) return 'busy';
    await db
      .updateTable('artifact_uploads')
      .set({ client: sending || isBound ? bound : client, until })
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .execute();
    return 'claimed';
  },

  /** The server has written down what came in: the client may go on anywhere. */
  async releaseUpload(db: Db, turn: ArtifactKey & Omit<UploadTurn, 'sending'>): Promise<null> {
    const { workspace, sha256, client, server } = turn;
    await db
      .updateTable('artifact_uploads')
      .set({ client })
      .where('workspace', '=', workspace)
      .where('sha256', '=', sha256)
      .where('client', '=', `${client}@${server}`)
      .execute();
    return null;
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

  /** `usual` is the server's limit: that of workspaces that have none of their own, and the most that one may have. */
  async artifactUse(
    db: Db,
    { workspace, usual }: { readonly workspace: string; readonly usual: number | null },
  ): Promise<ArtifactUse> {
    return spaceOf(db, workspace, usual);
  },
};
