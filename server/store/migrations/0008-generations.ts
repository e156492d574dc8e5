import type { Migration } from './migration.ts';

/**
 * Which life of a document a server has in memory: it writes only where the database has the same. One that begins
 * anew, or is made under the name of another, gets a random number; these have their ids, which are small.
 * And which suggestions are being decided about: by one at a time, whichever server he is at.
 */
export const generations: Migration = ({ integer, strict }) => `
  alter table documents add column generation ${integer} not null default 0;
  update documents set generation = id;
  create table decisions (
    suggestion text primary key,
    document ${integer} not null references documents(id) on delete cascade,
    token text not null,
    at ${integer} not null
  ) ${strict};
`;
