import type { ErrorFacts } from '../../src/base/error.ts';
import type { WriteUnit } from './write.ts';

/**
 * Documents of which something could not be written. What comes after it in the same commit may build on it: it
 * would wait for ever for what is not there, so it fails likewise, and who wrote it sends it again.
 */
export class Broken {
  readonly #documents = new Map<string, ErrorFacts>();

  add(unit: WriteUnit, why: ErrorFacts): void {
    for (const { project, path } of unit) this.#documents.set(`${project}\n${path}`, why);
  }

  /** Why this unit must not be written either; null where it may. */
  reason(unit: WriteUnit): ErrorFacts | null {
    if (this.#documents.size === 0) return null;
    for (const { project, path } of unit) {
      const why = this.#documents.get(`${project}\n${path}`);
      if (why !== undefined) return why;
    }
    return null;
  }
}
