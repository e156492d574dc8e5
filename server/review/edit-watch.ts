import type { Clock } from '../../src/base/clock.ts';
import type { ReviewPerson } from '../../src/protocol/review.ts';
import type { DocumentName } from '../store/write.ts';

export interface PauseTimes {
  /** No edit for so long is a pause. */
  readonly pauseMs: number;
  /** Who never pauses gets a version this often all the same. */
  readonly longestMs: number;
  /** How often is looked. */
  readonly lookMs: number;
}

export const defaultPauseTimes: PauseTimes = { pauseMs: 30_000, longestMs: 300_000, lookMs: 5_000 };

interface Watched {
  readonly file: DocumentName;
  /** Yjs client -> who writes through it. */
  readonly authors: Map<number, ReviewPerson>;
  readonly firstEdit: number;
  lastEdit: number;
}

/**
 * Gathers who edits which text, in memory, until the editing pauses: then it is written down together with a
 * version. Costs an edit a look-up; a server that is killed forgets who wrote in the last half minute, and learns
 * it again from the next edit of whoever is still there.
 */
export class EditWatch {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #times: PauseTimes;
  readonly #onPause: (file: DocumentName, authors: ReadonlyMap<number, ReviewPerson>) => Promise<void>;
  readonly #watched = new Map<string, Watched>();
  /** Who wrote since the last version of a text. */
  readonly #editors = new Map<string, Map<string, ReviewPerson>>();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(
    clock: Pick<Clock, 'elapsed'>,
    times: PauseTimes,
    onPause: (file: DocumentName, authors: ReadonlyMap<number, ReviewPerson>) => Promise<void>,
  ) {
    this.#clock = clock;
    this.#times = times;
    this.#onPause = onPause;
    this.#timer = setInterval(() => void this.look(), times.lookMs);
    this.#timer.unref();
  }

  /** `who` is asked where that is not known of a client yet; null: the server does not know either. */
  edited(file: DocumentName, who: () => ReviewPerson | null, clients: Iterable<number>): void {
    const key = keyOf(file);
    const now = this.#clock.elapsed();
    let watched = this.#watched.get(key);
    if (watched === undefined) {
      watched = { file, authors: new Map(), firstEdit: now, lastEdit: now };
      this.#watched.set(key, watched);
    }
    watched.lastEdit = now;
    let onlyDeleted = true;
    for (const client of clients) {
      onlyDeleted = false;
      const author = watched.authors.get(client) ?? who();
      if (author === null) continue;
      watched.authors.set(client, author);
      this.#noteEditor(key, author);
    }
    const remover = onlyDeleted ? who() : null;
    if (remover !== null) this.#noteEditor(key, remover);
  }

  #noteEditor(key: string, who: ReviewPerson): void {
    const editors = this.#editors.get(key);
    if (editors === undefined) this.#editors.set(key, new Map([[who.id, who]]));
    else if (!editors.has(who.id)) editors.set(who.id, who);
  }

  takeEditors(file: DocumentName): readonly ReviewPerson[] {
    const editors = this.#editors.get(keyOf(file));
    this.#editors.delete(keyOf(file));
    return [...(editors?.values() ?? [])];
  }

  /** Writes down what has paused; with `all`, everything. Resolves when it is done. */
  look(all = false): Promise<unknown> {
    const { pauseMs, longestMs } = this.#times;
    const now = this.#clock.elapsed();
    const due = [...this.#watched].filter(
      ([, { firstEdit, lastEdit }]) => all || now - lastEdit >= pauseMs || now - firstEdit >= longestMs,
    );
    for (const [key] of due) this.#watched.delete(key);
    this.#looking = this.#looking.then(async () => {
      // One after the other: hundreds of texts that pause at once hold nobody up.
      for (const [, { file, authors }] of due) await this.#onPause(file, authors);
    });
    return this.#looking;
  }

  /** Everything is written down when this resolves. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.look(true);
  }
}

const keyOf = ({ project, path }: DocumentName): string => `${project}\n${path}`;
