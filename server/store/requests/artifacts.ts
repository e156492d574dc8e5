import { type Kysely, sql } from 'kysely';
import type { Tables } from '../schema.ts';
import { type ArtifactKey, type ArtifactPart, uploadRequests } from './artifact-uploads.ts';

type Db = Kysely<Tables>;

const ROWS_AT_ONCE = 500;

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

/** Who has which artifacts, and of which blobs they are made. */
export const artifactRequests = {
  /** What the workspace has under this hash, and of which blobs it is made; null where it has none. */
  async findArtifact(
    db: Db,
    key: ArtifactKey,
  ): Promise<{ readonly bytes: number; readonly parts: readonly ArtifactPart[] } | null> {
    const bytes = await owned(db, key);
    return bytes === null ? null : { bytes, parts: await partsOf(db, key.sha256) };
  },

  /** How long what the workspace has under this hash is; null where it has none. */
  ownedBytes: (db: Db, key: ArtifactKey): Promise<number | null> => owned(db, key),

  /** The blobs in which a range of an artifact lies, and where in it the first of them begins. */
  async partsWithin(
    db: Db,
    { sha256, start, end }: { readonly sha256: string; readonly start: number; readonly end: number },
  ): Promise<{ readonly from: number; readonly parts: readonly ArtifactPart[] }> {
    const { rows } = await sql<ArtifactPart & { readonly begins: number | string }>`
      select sha256, bytes, begins from (
        select part as sha256, bytes, position, sum(bytes) over (order by position) - bytes as begins
        from artifact_parts where artifact = ${sha256}
      ) as placed
      where begins <= ${end} and begins + bytes > ${start}
      order by position`.execute(db);
    const parts = rows.map(({ sha256: part, bytes }) => ({ sha256: part, bytes: Number(bytes) }));
    return { from: Number(rows[0]?.begins ?? 0), parts };
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
    await uploadRequests.endUpload(db, artifact);
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
};
