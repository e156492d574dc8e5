import type { Migration } from './migration.ts';

/**
 * Which artifacts of its workspace a project has been given (`lent` 1), and which somebody only named there who
 * came by a link for it (0). What runs held before this is theirs.
 */
export const lent: Migration = ({ integer, strict }) => `
  create table project_artifacts (
    project text not null references projects(id) on delete cascade,
    sha256 text not null,
    lent ${integer} not null,
    primary key (project, sha256)
  ) ${strict};
  insert into project_artifacts select distinct project, sha256, 1 from artifact_holds;
`;
