import type { DocumentName } from '../store/write.ts';

/** So long a text that somebody begins to write waits for others of its project. */
const TOGETHER_MS = 50;

/**
 * Texts that are on their way into their project's list. Where many begin at once, as when a folder is taken in,
 * the list is written once for all of them, and nobody who joins waits behind as many commits. Whatever is not
 * listed when a server is killed is listed when it is opened the next time (files.ts).
 */
export class Enlisting {
  readonly #enlist: (project: string, paths: readonly string[]) => Promise<void>;
  readonly #waiting = new Map<string, Set<string>>();
  readonly #underWay = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | null = null;

  /** `enlist` says itself what went wrong. */
  constructor(enlist: (project: string, paths: readonly string[]) => Promise<void>) {
    this.#enlist = enlist;
  }

  add({ project, path }: DocumentName): void {
    const paths = this.#waiting.get(project) ?? new Set();
    this.#waiting.set(project, paths.add(path));
    this.#timer ??= setTimeout(() => this.#flush(), TOGETHER_MS);
  }

  /** Resolves when everything is listed that was added before. */
  async close(): Promise<void> {
    this.#flush();
    await Promise.all(this.#underWay);
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    for (const [project, paths] of this.#waiting) {
      const work = this.#enlist(project, [...paths]).finally(() => this.#underWay.delete(work));
      this.#underWay.add(work);
    }
    this.#waiting.clear();
  }
}
