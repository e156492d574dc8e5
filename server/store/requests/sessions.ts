import type { Kysely } from 'kysely';
import type { Tables } from '../schema.ts';
import { type Grant, openGrant, userById } from './access.ts';

type Db = Kysely<Tables>;

/** What proves for a while who somebody is: sessions of browsers, tickets of sockets. */
export const sessionRequests = {
  async replaceSession(
    db: Db,
    { old, session }: { readonly old: string | null; readonly session: Tables['sessions'] },
  ): Promise<null> {
    if (old !== null) await db.deleteFrom('sessions').where('hash', '=', old).execute();
    await db.deleteFrom('sessions').where('expires', '<=', session.created).execute();
    await db.insertInto('sessions').values(session).execute();
    return null;
  },

  /** Answers with those that there were. */
  async endSessions(db: Db, hashes: readonly string[]): Promise<string[]> {
    if (hashes.length === 0) return [];
    const ended = await db
      .deleteFrom('sessions')
      .where('hash', 'in', [...hashes])
      .returning('hash')
      .execute();
    return ended.map(({ hash }) => hash);
  },

  /** Who sessions stand for: a user and, beside it, a share link; null for what has ended. */
  async findSessions(
    db: Db,
    { hashes, now }: { readonly hashes: readonly string[]; readonly now: number },
  ): Promise<{
    readonly user: {
      readonly id: string;
      readonly name: string;
      readonly session: string;
      /** When it was last seen to be used. */
      readonly used: number;
    } | null;
    readonly share: (Grant & { readonly session: string }) | null;
  }> {
    if (hashes.length === 0) return { user: null, share: null };
    const rows = await db
      .selectFrom('sessions')
      .select(['hash', 'user', 'share', 'created', 'used'])
      .where('hash', 'in', [...hashes])
      .where('expires', '>', now)
      .execute();
    const ofUser = rows.find((row) => row.user !== null);
    const ofShare = rows.find((row) => row.share !== null);
    const user = ofUser?.user == null ? null : await userById(db, ofUser.user);
    const share = ofShare?.share == null ? null : await openGrant(db, { id: ofShare.share }, now);
    return {
      user:
        user === null || ofUser === undefined
          ? null
          : { id: user.id, name: user.name, session: ofUser.hash, used: ofUser.used ?? ofUser.created },
      share: share === null || ofShare === undefined ? null : { ...share, session: ofShare.hash },
    };
  },

  /** With it those go that nobody used in time. */
  async createTicket(
    db: Db,
    { now, ...ticket }: Tables['tickets'] & { readonly now: number },
  ): Promise<null> {
    await db.deleteFrom('tickets').where('expires', '<=', now).execute();
    await db.insertInto('tickets').values(ticket).execute();
    return null;
  },

  /** Whoever takes a ticket has used it up, whether it fits or not. */
  async takeTicket(
    db: Db,
    { hash, now }: { readonly hash: string; readonly now: number },
  ): Promise<Pick<Tables['tickets'], 'principal' | 'project' | 'path'> | null> {
    const ticket = await db.deleteFrom('tickets').where('hash', '=', hash).returningAll().executeTakeFirst();
    if (ticket === undefined || ticket.expires <= now) return null;
    const { principal, project, path } = ticket;
    return { principal, project, path };
  },

  /** At the start: what has run out is of no use to anybody, and the first workspace begins with the server. */
  async purgeAccess(db: Db, { now }: { readonly now: number }): Promise<null> {
    await db.updateTable('workspaces').set({ created: now }).where('created', '=', 0).execute();
    for (const table of ['sessions', 'tickets', 'invitations'] as const) {
      await db.deleteFrom(table).where('expires', '<=', now).execute();
    }
    return null;
  },
};
