import type { Migration } from './migration.ts';

/**
 * The log's numbers become the log sequence numbers that clients are told: they must never come again, also
 * where a snapshot took the place of all rows. A snapshot says which rows it stands for, so that two servers
 * that compact at once cannot undo each other.
 */
export const log: Migration = ({ bytes, integer, serial, strict }) => `
  create table log (
    seq ${serial},
    document ${integer} not null references documents(id) on delete cascade,
    data ${bytes} not null
  ) ${strict};
  insert into log (seq, document, data) select seq, document, data from updates order by seq;
  drop table updates;
  alter table log rename to updates;
  create index updates_of_document on updates (document, seq);
  alter table snapshots add column upto ${integer} not null default 0;
  create index snapshots_by_upto on snapshots (upto);
`;
