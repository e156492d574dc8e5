import type { Migration } from './migration.ts';

/** Who made a workspace, whoever owns it now: nobody makes any number of them. Null: before this was known. */
export const creators: Migration = () => `
  alter table workspaces add column created_by text;
`;
