import { type AuditLine, STRANGER } from './line.ts';

interface Kind {
  readonly line: AuditLine;
  times: number;
}

const WINDOW_MS = 60_000;
/** So many kinds are told apart within a minute; more are counted together, so that nobody fills the disk with lines. */
const MAX_KINDS = 5_000;
const MAX_KINDS_OF_STRANGERS = 100;

/** Lines that come again and again: the first of a kind at once, the number of the others once a minute. */
export class Repeated {
  readonly #write: (line: AuditLine) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #kinds = new Map<string, Kind>();
  #others = 0;
  #ofStrangers = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(write: (line: AuditLine) => Promise<void>, failed: (error: unknown) => void) {
    this.#write = write;
    this.#failed = failed;
  }

  /** Resolves when the line, if there is one now, is on disk. */
  async add(line: AuditLine): Promise<void> {
    const { actor, action, target, outcome } = line;
    const key = JSON.stringify([actor, action, target, outcome]);
    const known = this.#kinds.get(key);
    this.#timer ??= setTimeout(() => {
      this.#flush().catch(this.#failed);
    }, WINDOW_MS).unref();
    const full =
      actor === STRANGER ? this.#ofStrangers >= MAX_KINDS_OF_STRANGERS : this.#kinds.size >= MAX_KINDS;
    if (known !== undefined) known.times++;
    else if (full) this.#others++;
    else {
      if (actor === STRANGER) this.#ofStrangers++;
      this.#kinds.set(key, { line, times: 0 });
      await this.#write(line);
    }
  }

  async close(): Promise<void> {
    await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const kinds = [...this.#kinds.values()].filter(({ times }) => times > 0);
    const others = this.#others;
    this.#kinds.clear();
    this.#others = 0;
    this.#ofStrangers = 0;
    const lines = kinds.map(({ line, times }) => ({ ...line, detail: { ...line.detail, again: times } }));
    if (others > 0) lines.push({ actor: 'server', action: 'audit.many', detail: { again: others } });
    await Promise.all(lines.map((line) => this.#write(line)));
  }
}
