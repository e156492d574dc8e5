import type { Migration } from './migration.ts';

/** Keys that data at rest is sealed with. None is ever removed: backups may need them. */
export const vault: Migration = ({ bytes, integer, strict }) => `
  create table vault_keys (
    id text primary key,
    workspace text not null,
    wrapped ${bytes} not null,
    created ${integer} not null
  ) ${strict};
  create index vault_keys_of_workspace on vault_keys (workspace, created);
`;
