import { PROJECT_DOCUMENT } from '../../src/protocol/sync.ts';
import { addHashes } from '../artifacts/references.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { MissingParts } from '../sync/update-checks.ts';

/** After so many new ones it is looked which are still worth anything. */
const COUNT_AFTER = 1_000;
/** Who is at the limit asks for them to be counted again not more often. */
const FRESH_MS = 60_000;
/** People go on writing into the list meanwhile. */
const MAX_TRIES = 3;

/** What one link has claimed in one project, as far as this server knows. */
interface Book {
  /** At least so many as there are, but for those of other servers. */
  count: number;
  /** Since they were counted. */
  added: number;
  countedAt: number;
  counting: Promise<void> | null;
}

/**
 * Claims (lending.ts) are let go of when the list of their project names what was claimed no more, in no byte of it:
 * whoever names it anew claims it anew. And no link makes any number of them.
 */
export class Claims {
  readonly #store: Store;
  readonly #most: number;
  readonly #books = new Map<string, Book>();

  /** `most`: of one link in one project, besides those of other servers that have not been counted yet. */
  constructor(store: Store, most: number) {
    this.#store = store;
    this.#most = most;
  }

  /**
   * Before somebody who came by a link names so many hashes in the list. Throws MissingParts where they must be
   * counted first, and documentTooLarge where there are too many.
   */
  admit(project: string, share: string, hashes: number): void {
    const key = `${project}\n${share}`;
    const isKnown = this.#books.has(key);
    const book = this.#books.get(key) ?? { count: 0, added: 0, countedAt: 0, counting: null };
    this.#books.set(key, book);
    if (book.count + hashes > this.#most) {
      const isExact = book.counting === null && book.added === 0;
      if (isExact && performance.now() - book.countedAt < FRESH_MS)
        throw serverErrors.documentTooLarge({ message: 'Too many artifacts have been named by this link' });
      this.#count(project, share, book);
      throw new MissingParts('What has been named by this link is counted');
    }
    book.count += hashes;
    book.added += hashes;
    if (!isKnown || book.added >= COUNT_AFTER) this.#count(project, share, book);
  }

  /** Of all links, also of those that are over. */
  async tidy(workspace: string): Promise<void> {
    for (const project of await this.#store.call('projectsWithClaims', workspace)) await this.letGo(project);
  }

  /** What the list does not name any more. */
  async letGo(project: string): Promise<void> {
    const list = { project, path: PROJECT_DOCUMENT };
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      const { snapshot, updates, seq, generation } = await this.#store.call('loadDocument', list);
      if (generation === null) return; // the project is gone
      const named = new Set<string>();
      for (const bytes of snapshot === null ? updates : [snapshot, ...updates]) addHashes(bytes, named);
      const wish = { ...list, generation, seq, named: [...named] };
      if (await this.#store.call('letGoOfClaims', wish)) return;
    }
  }

  #count(project: string, share: string, book: Book): void {
    if (book.counting !== null) return;
    const { added } = book;
    const counted = async (): Promise<void> => {
      await this.letGo(project);
      const count = await this.#store.call('countClaims', { project, share });
      // What was named meanwhile may be among them, or not.
      book.added -= added;
      book.count = count + book.added;
      book.countedAt = performance.now();
    };
    book.counting = counted()
      .catch(() => undefined) // else when the next one comes
      .finally(() => {
        book.counting = null;
      });
  }
}
