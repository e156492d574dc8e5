import type { Migration } from './migration.ts';

export const first: Migration = ({ bytes, integer, id, strict }) => `
  create table projects (
    id text primary key,
    name text not null,
    created ${integer} not null,
    deleted ${integer}
  ) ${strict};
  create table documents (
    id ${id},
    project text not null references projects(id) on delete cascade,
    path text not null,
    unique (project, path)
  ) ${strict};
  create table updates (
    seq ${id},
    document ${integer} not null references documents(id) on delete cascade,
    data ${bytes} not null
  ) ${strict};
  create index updates_of_document on updates (document, seq);
  create table snapshots (
    document ${integer} primary key references documents(id) on delete cascade,
    data ${bytes} not null
  ) ${strict};
  create table settings (key text primary key, value text not null) ${strict};
`;
