import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** A text that lies beside the repository in ../shared/data on some machines; null where it does not. */
export function sharedText(name: string): string | null {
  const path = join(root, '..', 'shared', 'data', name);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** The text, or the end of the test with the reason that the tally prints: `const text = sharedOrSkip('x.txt', skip)`. */
export function sharedOrSkip(name: string, skip: (reason: string) => never): string {
  return sharedText(name) ?? skip(`../shared/data/${name} is not here`);
}
