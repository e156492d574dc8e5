import type { Migration } from './migration.ts';

/** Workspaces and who may enter them. What existed before belongs to the one workspace that there was. */
export const access: Migration = ({ integer, strict }) => `
  create table workspaces (
    id text primary key,
    name text not null,
    created ${integer} not null,
    quota_bytes ${integer}
  ) ${strict};
  insert into workspaces (id, name, created) values ('home', 'Home', 0);
  alter table projects add column workspace text not null default 'home';
  create index projects_of_workspace on projects (workspace);

  create table users (
    id text primary key,
    name text not null,
    folded text not null unique,
    password text,
    created ${integer} not null,
    disabled ${integer}
  ) ${strict};
  create table identities (
    issuer text not null,
    subject text not null,
    "user" text not null references users(id) on delete cascade,
    primary key (issuer, subject)
  ) ${strict};
  create table members (
    workspace text not null references workspaces(id) on delete cascade,
    "user" text not null references users(id) on delete cascade,
    role text not null,
    since ${integer} not null,
    primary key (workspace, "user")
  ) ${strict};
  create index workspaces_of_member on members ("user");
  create table invitations (
    id text primary key,
    hash text not null unique,
    workspace text not null references workspaces(id) on delete cascade,
    role text not null,
    created ${integer} not null,
    expires ${integer} not null
  ) ${strict};
  create table api_keys (
    id text primary key,
    hash text not null unique,
    "user" text not null references users(id) on delete cascade,
    workspace text not null references workspaces(id) on delete cascade,
    scopes text not null,
    name text not null,
    created ${integer} not null,
    expires ${integer},
    revoked ${integer}
  ) ${strict};
  create table shares (
    id text primary key,
    hash text not null unique,
    workspace text not null references workspaces(id) on delete cascade,
    project text references projects(id) on delete cascade,
    role text not null,
    name text not null,
    created_by text not null,
    created ${integer} not null,
    expires ${integer},
    revoked ${integer}
  ) ${strict};
  create table sessions (
    hash text primary key,
    "user" text references users(id) on delete cascade,
    share text references shares(id) on delete cascade,
    created ${integer} not null,
    expires ${integer} not null
  ) ${strict};
  create table tickets (
    hash text primary key,
    principal text not null,
    project text not null,
    path text not null,
    expires ${integer} not null
  ) ${strict};
`;
