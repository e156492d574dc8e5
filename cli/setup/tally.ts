import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What one suite found; reporters write it, `npm test` adds it up. */
export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: readonly { readonly test: string; readonly reason: string }[];
}

const folder = join(import.meta.dirname, '..', '..', 'test-results', 'tally');

export function writeTally(suite: string, tally: Tally): void {
  const path = join(folder, `${suite}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, JSON.stringify(tally));
}

/** Null when the suite died before it could write. */
export function takeTally(suite: string): Tally | null {
  const path = join(folder, `${suite}.json`);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Tally) : null;
}

export function clearTally(suite: string): void {
  rmSync(join(folder, `${suite}.json`), { force: true });
}

/** What a machine may lack without that being a failure. */
export function isReasonToSkip(reason: string): boolean {
  return /GPU|PostgreSQL|Redis|S3|\.\.\/shared/.test(reason);
}
