import type { Kysely } from 'kysely';
import type { Mention } from '../../../src/protocol/http/review.ts';
import type { Tables } from '../schema.ts';
import type { DocumentName } from '../write.ts';
import { documentId, ensureDocument } from './documents.ts';

type Db = Kysely<Tables>;

interface Claim {
  readonly suggestion: string;
  /** Of whoever decides. */
  readonly token: string;
}

interface ClaimTimes {
  readonly at: number;
  /** Who began before has died meanwhile. */
  readonly before: number;
}

/** What a text is called among suggestions, while somebody decides what it is. */
export const textKey = ({ project, path }: DocumentName): string => `${project}\n${path}`;

/** Whether it is the caller's now. */
async function claim(
  db: Db,
  document: number | undefined,
  { suggestion, token, at, before }: Claim & ClaimTimes,
): Promise<boolean> {
  if (document === undefined) return false;
  const mine = { document, token, at };
  const claimed = await db
    .insertInto('decisions')
    .values({ suggestion, ...mine })
    .onConflict((conflict) =>
      conflict.column('suggestion').doUpdateSet(mine).where('decisions.at', '<', before),
    )
    .returning('token')
    .executeTakeFirst();
  return claimed !== undefined;
}

export const reviewRequests = {
  async saveVersion(
    db: Db,
    version: DocumentName & {
      readonly id: string;
      readonly state: Uint8Array;
      readonly artifacts: readonly string[];
    },
  ): Promise<null> {
    const { id, state } = version;
    const document = await ensureDocument(db, version);
    const artifacts = JSON.stringify(version.artifacts);
    await db.insertInto('versions').values({ id, document, state, artifacts }).execute();
    return null;
  },

  /** Null where the document has no such version, whatever other documents have. */
  async loadVersion(
    db: Db,
    { id, ...name }: DocumentName & { readonly id: string },
  ): Promise<Uint8Array | null> {
    const document = await documentId(db, name);
    if (document === undefined) return null;
    const found = await db
      .selectFrom('versions')
      .select('state')
      .where('id', '=', id)
      .where('document', '=', document)
      .executeTakeFirst();
    return found?.state ?? null;
  },

  async dropVersions(
    db: Db,
    { ids, ...name }: DocumentName & { readonly ids: readonly string[] },
  ): Promise<null> {
    const document = await documentId(db, name);
    if (document === undefined || ids.length === 0) return null;
    await db.deleteFrom('versions').where('document', '=', document).where('id', 'in', ids).execute();
    return null;
  },

  /**
   * Whether the caller may decide about a suggestion now: he alone, until he has (`decide` in write.ts) or gives it
   * up. `name` is the review's document.
   */
  async claimDecision(db: Db, wish: DocumentName & Claim & ClaimTimes): Promise<boolean> {
    return claim(db, await documentId(db, wish), wish);
  },

  /** The same of a whole text, be nothing written in it yet: then the claim goes with another of the project. */
  async claimText(
    db: Db,
    { token, at, before, ...name }: DocumentName & Pick<Claim, 'token'> & ClaimTimes,
  ): Promise<boolean> {
    const any = db.selectFrom('documents').select('id').where('project', '=', name.project).orderBy('id');
    const document = (await documentId(db, name)) ?? (await any.limit(1).executeTakeFirst())?.id;
    return claim(db, document, { suggestion: textKey(name), token, at, before });
  },

  async releaseDecision(db: Db, { suggestion, token }: Claim): Promise<null> {
    await db
      .deleteFrom('decisions')
      .where('suggestion', '=', suggestion)
      .where('token', '=', token)
      .execute();
    return null;
  },

  async addMentions(
    db: Db,
    mention: DocumentName & {
      readonly comment: string;
      readonly thread: string;
      readonly by: string;
      readonly created: number;
      readonly people: readonly string[];
    },
  ): Promise<null> {
    const { comment, thread, by, created, people } = mention;
    if (people.length === 0) return null;
    const document = await ensureDocument(db, mention);
    await db
      .insertInto('mentions')
      .values(
        people.map((person) => ({
          comment_id: comment,
          person,
          document,
          thread,
          by_name: by,
          created,
        })),
      )
      .execute();
    return null;
  },

  /** Those that a person has not read, oldest first. */
  async listMentions(
    db: Db,
    { project, person }: { readonly project: string; readonly person: string },
  ): Promise<Mention[]> {
    const rows = await db
      .selectFrom('mentions')
      .innerJoin('documents', 'documents.id', 'mentions.document')
      .select(['documents.path', 'thread', 'comment_id', 'by_name', 'created'])
      .where('documents.project', '=', project)
      .where('person', '=', person)
      .orderBy('created')
      .orderBy('comment_id')
      .limit(1000)
      .execute();
    return rows.map(({ path, thread, comment_id, by_name, created }) => ({
      path,
      thread,
      comment: comment_id,
      by: by_name,
      created,
    }));
  },

  /** How many there were. */
  async readMentions(
    db: Db,
    {
      project,
      person,
      thread,
    }: { readonly project: string; readonly person: string; readonly thread: string },
  ): Promise<number> {
    const ofProject = db.selectFrom('documents').select('id').where('project', '=', project);
    const rows = await db
      .deleteFrom('mentions')
      .where('person', '=', person)
      .where('thread', '=', thread)
      .where('document', 'in', ofProject)
      .returning('comment_id')
      .execute();
    return rows.length;
  },
};
