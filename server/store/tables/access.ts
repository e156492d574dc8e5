import type { Role } from '../../../src/domain/access/roles.ts';

/** Secrets are kept as SHA-256 in hexadecimal (`hash`), passwords as argon2id. Times are milliseconds since 1970 UTC. */
export interface AccessTables {
  workspaces: {
    id: string;
    name: string;
    created: number;
    quota_bytes: number | null;
    created_by: string | null;
  };
  /**
   * `folded` is what one signs in with, as it is compared. No password: the user signs in with an identity provider,
   * and no name of his stands there.
   */
  users: {
    id: string;
    name: string;
    folded: string;
    password: string | null;
    created: number;
    disabled: number | null;
  };
  identities: { issuer: string; subject: string; user: string };
  members: { workspace: string; user: string; role: Role; since: number };
  invitations: {
    id: string;
    hash: string;
    workspace: string;
    role: Role;
    created: number;
    expires: number;
  };
  /** `scopes` is a JSON array. */
  api_keys: {
    id: string;
    hash: string;
    user: string;
    workspace: string;
    scopes: string;
    name: string;
    created: number;
    expires: number | null;
    revoked: number | null;
  };
  /** No project: the whole workspace. */
  shares: {
    id: string;
    hash: string;
    workspace: string;
    project: string | null;
    role: Role;
    name: string;
    created_by: string;
    created: number;
    expires: number | null;
    revoked: number | null;
  };
  /** Of a user, or of somebody who opened a share link. */
  sessions: {
    hash: string;
    user: string | null;
    share: string | null;
    created: number;
    expires: number;
    /** What the browser called itself. */
    agent: string | null;
    /** To a few minutes. */
    used: number | null;
  };
  /** `principal` is JSON. */
  tickets: { hash: string; principal: string; project: string; path: string; expires: number };
}
