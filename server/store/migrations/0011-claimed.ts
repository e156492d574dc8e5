import type { Migration } from './migration.ts';

/** By which link a claim came, so that no link makes any number of them. Null: before this was known. */
export const claimed: Migration = () => `
  alter table project_artifacts add column claimed_by text;
  create index claims_by_link on project_artifacts (project, claimed_by);
`;
