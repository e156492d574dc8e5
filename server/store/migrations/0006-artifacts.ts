import type { Migration } from './migration.ts';

export const artifacts: Migration = ({ integer, strict }) => `
  create table artifact_owners (
    workspace text not null,
    sha256 text not null,
    bytes ${integer} not null,
    touched ${integer} not null,
    primary key (workspace, sha256)
  ) ${strict};
  create index artifact_owners_of_hash on artifact_owners (sha256);
  create table artifact_parts (
    artifact text not null,
    position ${integer} not null,
    part text not null,
    bytes ${integer} not null,
    primary key (artifact, position)
  ) ${strict};
  create index artifact_parts_of_part on artifact_parts (part);
  create table artifact_uploads (
    workspace text not null,
    sha256 text not null,
    bytes ${integer} not null,
    created ${integer} not null,
    client text not null,
    until ${integer} not null,
    primary key (workspace, sha256)
  ) ${strict};
  create table artifact_holds (
    project text not null references projects(id) on delete cascade,
    holder text not null,
    sha256 text not null,
    created ${integer} not null,
    primary key (project, holder, sha256)
  ) ${strict};
`;
