import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { Locks } from '../../domain/runs/ports.ts';
import { isMissing } from './json-lines.ts';

/** A collected connection is a closed one: work that nobody awaits must not lose its lock to the collector. */
const holding = new Set<DatabaseSync>();

/**
 * Locks between processes. Node has no file locks of its own, but SQLite has: each name is a database
 * that its holder keeps an exclusive transaction on, which the system ends with the process, kill -9 too.
 */
export function createNodeLocks(folder: string): Locks {
  const take = (file: string): DatabaseSync | null => {
    const database = new DatabaseSync(file, { timeout: 0 });
    try {
      database.exec('BEGIN EXCLUSIVE');
      return database;
    } catch (thrown) {
      database.close();
      if (thrown instanceof Error && /locked|busy/.test(thrown.message)) return null;
      throw thrown;
    }
  };
  return {
    async tryHold(name, work) {
      await mkdir(folder, { recursive: true });
      const held = take(join(folder, encodeURIComponent(name)));
      if (held === null) return null;
      holding.add(held);
      try {
        return { value: await work() };
      } finally {
        holding.delete(held);
        held.close();
      }
    },
    async held() {
      const names = new Set<string>();
      const files = await readdir(folder).catch((thrown: unknown) => {
        if (isMissing(thrown)) return [];
        throw thrown;
      });
      for (const file of files) {
        if (file.endsWith('-journal')) continue;
        const free = take(join(folder, file));
        free?.close();
        if (free === null) names.add(decodeURIComponent(file));
      }
      return names;
    },
  };
}
