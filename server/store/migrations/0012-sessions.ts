import type { Migration } from './migration.ts';

/** By what people tell their sessions apart: the browser, and when it was last here. Null: before this was kept. */
export const sessions: Migration = ({ integer }) => `
  alter table sessions add column agent text;
  alter table sessions add column used ${integer};
  create index sessions_of_user on sessions ("user");
`;
