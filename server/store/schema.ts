import { DatabaseSync } from 'node:sqlite';
import type { Generated } from 'kysely';

/** The tables. Times are milliseconds since 1970 UTC; binary columns are Yjs updates in V1 format. */
export interface Tables {
  projects: { id: string; name: string; created: number; deleted: number | null };
  /** One shared document: a text, or a project's own. */
  documents: { id: Generated<number>; project: string; path: string };
  /** The log of a document since its snapshot. */
  updates: { seq: Generated<number>; document: number; data: Uint8Array };
  snapshots: { document: number; data: Uint8Array };
  /** Facts about the folder itself. */
  settings: { key: string; value: string };
}

const migrations: readonly string[] = [
  `
  create table projects (id text primary key, name text not null, created integer not null, deleted integer) strict;
  create table documents (
    id integer primary key,
    project text not null references projects(id) on delete cascade,
    path text not null,
    unique (project, path)
  ) strict;
  create table updates (
    seq integer primary key,
    document integer not null references documents(id) on delete cascade,
    data blob not null
  ) strict;
  create index updates_of_document on updates (document, seq);
  create table snapshots (
    document integer primary key references documents(id) on delete cascade,
    data blob not null
  ) strict;
  create table settings (key text primary key, value text not null) strict;
  `,
];

/**
 * Opens the database and brings it up to date. What is acknowledged must survive a power cut, hence
 * synchronous=FULL; the exclusive lock keeps a second server off the folder, and the system drops it when
 * the process dies in whatever way.
 */
export function openDatabase(file: string): DatabaseSync {
  const database = new DatabaseSync(file, { timeout: 500, enableForeignKeyConstraints: true });
  try {
    database.exec('pragma locking_mode = exclusive');
    database.exec('pragma journal_mode = wal');
    database.exec('pragma synchronous = full');
    database.exec('begin exclusive');
    const row = database.prepare('pragma user_version').get();
    const version = Number(row?.user_version ?? 0);
    if (version > migrations.length) throw new NewerDatabase(version);
    for (const sql of migrations.slice(version)) database.exec(sql);
    database.exec(`pragma user_version = ${migrations.length}`);
    database.exec('commit');
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** The folder was written by a later version of the program. */
export class NewerDatabase extends Error {
  constructor(version: number) {
    super(`The data folder has version ${version}, this program knows up to ${migrations.length}.`);
  }
}
