import { first } from './0001-first.ts';
import { log } from './0002-log.ts';
import { access } from './0003-access.ts';
import { audit } from './0004-audit.ts';
import { review } from './0005-review.ts';
import { artifacts } from './0006-artifacts.ts';
import { vault } from './0007-vault.ts';
import { generations } from './0008-generations.ts';
import { lent } from './0009-lent.ts';
import { creators } from './0010-creators.ts';
import { claimed } from './0011-claimed.ts';
import { sessions } from './0012-sessions.ts';
import type { Migration } from './migration.ts';

/** In order, the same on both databases: a database's version is how many of these it has had. */
export const migrations: readonly Migration[] = [
  first,
  log,
  access,
  audit,
  review,
  artifacts,
  vault,
  generations,
  lent,
  creators,
  claimed,
  sessions,
];

/** The database was written by a later version of the program. */
export class NewerDatabase extends Error {
  constructor(version: number) {
    super(`The database has version ${version}, this program knows up to ${migrations.length}.`);
  }
}
