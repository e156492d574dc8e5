import { type AnnealError, toAnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName } from '../store/write.ts';

export interface AdoptingRoom {
  /** Resolves when it holds them; with false where they are of another life of the document than the room's. */
  adopt(updates: readonly Uint8Array[], generation: number): boolean | Promise<boolean>;
  /** What the room holds is not what the database says: it lets go of it, and its people come back. */
  abandon(error: AnnealError): void;
}

/** Rows that are read in one go, and how long one go of applying them may take. */
const ROWS = 1_000;
const TURN_MS = 5;

interface Life extends DocumentName {
  readonly generation: number;
}

/**
 * Looks every few seconds for what other servers wrote: what they say may be lost on the way. Rows come in the
 * order of their numbers and of their commits, so that nothing ever appears behind one that was read.
 */
export class CatchUp {
  readonly #store: Store;
  readonly #find: (name: DocumentName) => AdoptingRoom | undefined;
  readonly #everyMs: number;
  #seen: number;
  #timer: NodeJS.Timeout | null = null;
  #running: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(store: Store, find: (name: DocumentName) => AdoptingRoom | undefined, everyMs: number) {
    this.#store = store;
    this.#find = find;
    this.#everyMs = everyMs;
    this.#seen = store.lsn;
    this.#schedule();
  }

  /** Every room that is loaded holds all rows of its document up to this one. */
  get seen(): number {
    return this.#seen;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#running;
  }

  /** Looks now. Rejects where the store cannot be asked; then nothing is skipped, and it is looked again later. */
  look(): Promise<void> {
    const done = this.#running.then(() => this.#look());
    this.#running = done.catch(() => undefined);
    return done;
  }

  async #look(): Promise<void> {
    for (let more = true; more && !this.#stopped; ) {
      const part = await this.#store.call('logAfter', { after: this.#seen, limit: ROWS });
      // Older than the rows, so first: what a snapshot replaced is in no row any more.
      for (const life of part.compacted) await this.#load(life);
      let turn = performance.now();
      for (const row of part.rows) {
        await this.#give(row, [row.data]);
        if (performance.now() - turn < TURN_MS) continue;
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
      this.#seen = part.seq;
      more = part.more;
    }
  }

  async #load(name: DocumentName): Promise<void> {
    if (this.#find(name) === undefined) return;
    const stored = await this.#store.call('loadDocument', { ...name, after: this.#seen });
    const { snapshot, updates, generation } = stored;
    if (generation === null) return; // it was removed meanwhile
    await this.#give({ ...name, generation }, snapshot === null ? updates : [snapshot, ...updates]);
  }

  /** One room that cannot take it keeps the others from nothing. */
  async #give(life: Life, updates: readonly Uint8Array[]): Promise<void> {
    const room = this.#find(life);
    if (room === undefined) return;
    try {
      if (!(await room.adopt(updates, life.generation))) room.abandon(serverErrors.documentReplaced());
    } catch (cause) {
      room.abandon(toAnnealError(cause, serverErrors.storeFailed));
    }
  }

  /** Out of step with the other servers. */
  #schedule(): void {
    this.#timer = setTimeout(
      () => {
        const again = (): void => {
          if (!this.#stopped) this.#schedule();
        };
        this.look().then(again, again);
      },
      this.#everyMs * (0.8 + Math.random() * 0.4),
    );
    this.#timer.unref();
  }
}
