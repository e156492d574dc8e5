import { constants, copyFile, cp, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { AnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import { isCopied, requireEmpty, requireWhole, wholeOrNot } from '../store/sqlite/backup.ts';
import type { Store } from '../store/store.ts';

export interface LiveBackupParts {
  readonly store: Store;
  /** The data folder of the running server. */
  readonly folder: string;
  readonly progress: (line: string) => void;
}

export interface BackedUp {
  readonly artifacts: number;
}

/**
 * Copies the data folder of a running server: the database as it is at one moment, and every artifact that it
 * speaks of then: where some are collected while they are copied, the database is copied once more. What comes
 * in meanwhile may or may not be part of it.
 * Errors: folderTaken, backupFailed, backupElsewhere, noBackup where the copy is damaged.
 */
export async function backUpLive(
  { store, folder, progress }: LiveBackupParts,
  to: string,
): Promise<BackedUp> {
  await requireEmpty(to);
  let artifacts = 0;
  await wholeOrNot(to, async (half) => {
    await mkdir(half, { recursive: true });
    const database = join(half, 'anneal.db');
    try {
      // Before the database: no head may speak of an entry that the copy has not.
      await cp(folder, half, {
        recursive: true,
        filter: (path) => isCopied(path) && path !== join(folder, 'artifacts'),
      });
      for (let before: ReadonlySet<string> | null = null; ; ) {
        await store.backup(database);
        progress('The database is copied');
        artifacts = await copyNewFiles(join(folder, 'artifacts'), join(half, 'artifacts'));
        progress(`${artifacts} artifacts are copied`);
        const missing = await missingBlobs(half, database);
        // What a second copy of the database misses as well was not collected under our hands: it lies elsewhere.
        if ([...missing].every((name) => before?.has(name))) break;
        before = missing;
      }
    } catch (cause) {
      if (cause instanceof AnnealError) throw cause;
      const why = cause instanceof Error ? `: ${cause.message}` : '';
      throw serverErrors.backupFailed({
        where: to,
        message: `${serverErrors.backupFailed.title}${why}`,
        cause,
      });
    }
    await requireWhole(half);
  });
  return { artifacts };
}

/** Blobs are never changed: what is there is not copied again. What is coming in is no blob yet and is left out. */
async function copyNewFiles(from: string, to: string): Promise<number> {
  let copied = 0;
  for (const entry of await entriesOf(from)) {
    if (['incoming', 'uploads', 'damaged'].includes(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) copied += await copyNewFiles(source, target);
    else if (entry.isFile()) {
      await mkdir(to, { recursive: true });
      if (!(await isThere(target))) await copyUnlessGone(source, target);
      copied++;
    }
  }
  return copied;
}

async function copyUnlessGone(source: string, target: string): Promise<void> {
  try {
    await copyFile(source, target, constants.COPYFILE_FICLONE);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
}

/** Blobs that the copied database needs and that have not been copied. */
async function missingBlobs(half: string, file: string): Promise<ReadonlySet<string>> {
  const database = new DatabaseSync(file);
  try {
    database.exec('pragma journal_mode = delete'); // one file, whatever the server's own has beside it
    const rows = database.prepare('select distinct part from artifact_parts').all();
    const copied = new Set(await namesBelow(join(half, 'artifacts')));
    return new Set(rows.map(({ part }) => String(part)).filter((name) => !copied.has(name)));
  } finally {
    database.close();
  }
}

async function namesBelow(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await entriesOf(folder)) {
    if (entry.isDirectory()) found.push(...(await namesBelow(join(folder, entry.name))));
    else found.push(entry.name);
  }
  return found;
}

async function entriesOf(folder: string) {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
