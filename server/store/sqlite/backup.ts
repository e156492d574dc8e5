import { cp, mkdir, readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { serverErrors } from '../../errors.ts';
import { sqliteError } from './sqlite-error.ts';

/**
 * The database is copied by itself, what says how far it was acknowledged speaks of one file alone, and a socket
 * that a killed server left is no file.
 */
const NOT_COPIED = /^(anneal\.(db|watermark)|postgres\.watermark|control\.sock$)/;
export const isCopied = (path: string): boolean => !NOT_COPIED.test(basename(path));

/**
 * Copies a server's folder, which must be stopped, into one that is not there yet: the database without gaps and
 * everything else. Errors: dataInUse, dataDamaged, noBackup where there is no database, folderTaken.
 */
export async function backup(folder: string, to: string): Promise<void> {
  await requireDatabase(folder);
  await requireEmpty(to);
  await wholeOrNot(to, async (half) => {
    await mkdir(half, { recursive: true, mode: 0o700 });
    const source = openAlone(join(folder, 'anneal.db'));
    try {
      source.prepare('vacuum into ?').run(join(half, 'anneal.db'));
      await cp(folder, half, { recursive: true, filter: isCopied });
    } catch (error) {
      throw sqliteError(error);
    } finally {
      source.close();
    }
    await requireWhole(half);
  });
}

/** What lets somebody in without a password, and may have been ended since. */
const NOT_RESTORED = ['sessions', 'tickets', 'invitations'];

/**
 * Makes a server's folder of a backup. The log begins a new epoch: whoever has edits that are younger than the
 * backup sends them again. Nobody is signed in any more. Errors: noBackup, folderTaken.
 */
export async function restore(from: string, folder: string): Promise<void> {
  await requireDatabase(from);
  await requireEmpty(folder);
  await wholeOrNot(folder, async (half) => {
    await cp(from, half, { recursive: true });
    await requireWhole(half);
    const database = new DatabaseSync(join(half, 'anneal.db'));
    try {
      database.exec("delete from settings where key = 'epoch'");
      const tables = database.prepare("select name from sqlite_schema where type = 'table'").all();
      const names = new Set(tables.map(({ name }) => String(name)));
      for (const table of NOT_RESTORED) if (names.has(table)) database.exec(`delete from ${table}`);
    } finally {
      database.close();
    }
  });
}

/** The folder gets its name when it is complete. */
export async function wholeOrNot(folder: string, fill: (half: string) => Promise<void>): Promise<void> {
  const half = `${folder}.part`;
  await rm(half, { recursive: true, force: true });
  try {
    await fill(half);
    await rename(half, folder);
  } catch (error) {
    await rm(half, { recursive: true, force: true });
    throw error;
  }
}

/** Kept from a server that starts meanwhile; refused where one runs. */
function openAlone(file: string): DatabaseSync {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(file, { timeout: 500 });
    database.exec('pragma locking_mode = exclusive');
    database.exec('begin exclusive');
    database.exec('commit');
    return database;
  } catch (error) {
    database?.close();
    throw sqliteError(error);
  }
}

async function requireDatabase(folder: string): Promise<void> {
  const files = await readdir(folder).catch((): string[] => []);
  if (!files.includes('anneal.db')) throw serverErrors.noBackup({ where: folder });
}

export async function requireEmpty(folder: string): Promise<void> {
  const files = await readdir(folder).catch(() => null);
  if (files === null) return;
  if (files.length > 0) throw serverErrors.folderTaken({ where: folder });
  await rmdir(folder);
}

export async function requireWhole(folder: string): Promise<void> {
  let said: unknown;
  try {
    const database = new DatabaseSync(join(folder, 'anneal.db'), { readOnly: true });
    said = database.prepare('pragma integrity_check').get()?.integrity_check;
    database.close();
  } catch (cause) {
    throw serverErrors.noBackup({ where: folder, cause });
  }
  if (said !== 'ok')
    throw serverErrors.noBackup({ where: folder, message: `The database is damaged: ${said}` });
}
