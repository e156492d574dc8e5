import type { Migration } from './migration.ts';

/**
 * The audit log. Its numbers are given out by the request that adds to the chain, not by the database: one that
 * is missing means that an entry was removed.
 */
export const audit: Migration = ({ integer, strict }) => `
  create table audit (
    seq ${integer} primary key,
    at ${integer} not null,
    workspace text,
    actor text not null,
    name text,
    action text not null,
    target text not null,
    outcome text not null,
    detail text not null,
    previous text not null,
    hash text not null
  ) ${strict};
  create index audit_of_workspace on audit (workspace, seq);
`;
