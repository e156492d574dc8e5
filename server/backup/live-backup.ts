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
 * speaks of then: where some are collected or get a new key while they are copied, the database is copied once
 * more. What comes in meanwhile may or may not be part of it.
 * Errors: folderTaken, backupFailed, backupElsewhere, noBackup where the copy is damaged.
 */
export async function backUpLive(
  { store, folder, progress }: LiveBackupParts,
  to: string,
): Promise<BackedUp> {
  await requireEmpty(to);
  let artifacts = 0;
  await wholeOrNot(to, async (half) => {
    await mkdir(half, { recursive: true, mode: 0o700 });
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
        const missing = new Set([
          ...(await missingBlobs(half, database)),
          ...(await missingKeys(store, database)),
        ]);
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

/** Blobs that the copied database needs and that have not been copied, by workspace. */
async function missingBlobs(half: string, file: string): Promise<string[]> {
  const copied = new Set(await blobsBelow(join(half, 'artifacts')));
  return inCopy(file, (database) =>
    database
      .prepare(
        'select distinct workspace, part from artifact_parts join artifact_owners on sha256 = artifact order by 1, 2',
      )
      .all()
      // Sealed for the workspace, or as it was before the vault.
      .filter(({ workspace, part }) => !copied.has(`${workspace}/${part}`) && !copied.has(String(part)))
      .map(({ workspace, part }) => `${workspace}/${part}`),
  );
}

/** Keys that are newer than the copied database: what was sealed with them meanwhile would never open. */
async function missingKeys(store: Store, file: string): Promise<string[]> {
  const keys = await store.call('vaultKeys', null);
  const copied = inCopy(file, (database) => database.prepare('select id from vault_keys').all());
  const known = new Set(copied.map(({ id }) => String(id)));
  return keys.map(({ id }) => id).filter((id) => !known.has(id));
}

function inCopy<T>(file: string, work: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(file);
  try {
    database.exec('pragma journal_mode = delete'); // one file, whatever the server's own has beside it
    return work(database);
  } finally {
    database.close();
  }
}

/** Their names as in server/artifacts/ports.ts. */
async function blobsBelow(artifacts: string): Promise<string[]> {
  const plain = await filesBelow(artifacts);
  const spaces = (await entriesOf(join(artifacts, 'spaces'))).map(async ({ name: space }) =>
    (await filesBelow(join(artifacts, 'spaces', space))).map((name) => `${space}/${name}`),
  );
  return [...plain, ...(await Promise.all(spaces)).flat()];
}

/** In folders that are named by the first two digits. */
async function filesBelow(folder: string): Promise<string[]> {
  const digits = (await entriesOf(folder)).filter(({ name }) => /^[0-9a-f]{2}$/.test(name));
  const files = await Promise.all(digits.map(({ name }) => entriesOf(join(folder, name))));
  return files.flat().map(({ name }) => name);
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
