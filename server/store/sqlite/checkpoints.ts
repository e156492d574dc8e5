import type { StoreThread } from './store-thread.ts';

/** After so many commits their pages are moved from the write-ahead log into the database, beside further ones. */
const CHECKPOINT_EVERY = 250;
/** While nothing is written the log is moved, too: then it begins anew. */
const QUIET_MS = 500;

/** When the write-ahead log is moved into the database, by a thread that does nothing else. */
export class Checkpoints {
  readonly #start: () => StoreThread;
  /** Started when it is needed first: most stores are small, and are closed soon. */
  #thread: StoreThread | null = null;
  /** Asked of the thread that writes, and not answered yet. */
  #underWay = 0;
  /** Commits since the last checkpoint. */
  #behind = 0;
  #last: Promise<unknown> | null = null;
  #quiet: NodeJS.Timeout | null = null;
  #holders = 0;
  #stopped = false;

  constructor(start: () => StoreThread) {
    this.#start = start;
  }

  get isWriting(): boolean {
    return this.#underWay > 0;
  }

  /** Whether somebody needs the database's files for himself. */
  get isHeld(): boolean {
    return this.#holders > 0;
  }

  /** Much may have been written, or nothing: an empty checkpoint costs next to nothing. */
  async after<T>(answer: Promise<T>): Promise<T> {
    this.#behind++;
    this.#underWay++;
    if (this.#behind >= CHECKPOINT_EVERY) this.#checkpoint();
    this.#watchQuiet();
    try {
      return await answer;
    } finally {
      this.#underWay--;
    }
  }

  /** Does something during which there is none. */
  async hold<T>(work: () => Promise<T>): Promise<T> {
    this.#holders++;
    try {
      await this.#last;
      return await work();
    } finally {
      this.#holders--;
    }
  }

  stop(): void {
    this.#stopped = true;
    if (this.#quiet !== null) clearTimeout(this.#quiet);
  }

  async close(): Promise<void> {
    this.stop();
    await this.#thread?.close();
  }

  #watchQuiet(): void {
    if (this.#thread === null || this.#quiet !== null || this.#stopped) return;
    const before = this.#behind;
    this.#quiet = setTimeout(() => this.#lookQuiet(before), QUIET_MS).unref();
  }

  #lookQuiet(before: number): void {
    this.#quiet = null;
    if (this.#behind === before) this.#checkpoint();
    if (this.#behind > 0) this.#watchQuiet();
  }

  #checkpoint(): void {
    if (this.#stopped || this.isHeld || this.#last !== null) return;
    this.#behind = this.#underWay; // they may be later
    if (this.#thread === null || this.#thread.failed !== null) {
      this.#thread = this.#start();
      this.#thread.opened.catch(() => undefined); // then commits see to it
    }
    this.#last = this.#thread
      .post('checkpoint', null)
      .catch(() => undefined)
      .finally(() => {
        this.#last = null;
      });
  }
}
