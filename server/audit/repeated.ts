import { type AuditLine, STRANGER } from './line.ts';

interface Kind {
  readonly line: AuditLine;
  times: number;
}

/** What somebody tried in vain. */
interface Tried {
  kinds: number;
  /** Those of further kinds, which are counted together. */
  more: number;
}

const WINDOW_MS = 60_000;
/** So many kinds are told apart within a minute; what is done beyond them is a line each time. */
const MAX_KINDS = 5_000;
/** So many kinds of what changes nothing each actor leaves within a minute, so that nobody fills the disk with lines. */
const MAX_TRIED = 100;

/**
 * Lines that come again and again: the first of a kind at once, the number of the others once a minute. What
 * somebody tries in vain takes from his own budget alone: it never hides what others do.
 */
export class Repeated {
  readonly #write: (line: AuditLine) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #kinds = new Map<string, Kind>();
  readonly #tried = new Map<string, Tried>();
  #timer: NodeJS.Timeout | null = null;

  constructor(write: (line: AuditLine) => Promise<void>, failed: (error: unknown) => void) {
    this.#write = write;
    this.#failed = failed;
  }

  /** Resolves when the line, if there is one now, is on disk. */
  async add(line: AuditLine): Promise<void> {
    this.#timer ??= setTimeout(() => {
      this.#flush().catch(this.#failed);
    }, WINDOW_MS).unref();
    const { actor, action, target, outcome } = line;
    const key = JSON.stringify([actor, action, target, outcome]);
    const known = this.#kinds.get(key);
    if (known !== undefined) {
      known.times++;
      return;
    }
    if (!isDone(line) && !this.#mayTry(actor)) return;
    if (this.#kinds.size < MAX_KINDS) this.#kinds.set(key, { line, times: 0 });
    await this.#write(line);
  }

  async close(): Promise<void> {
    await this.#flush();
  }

  #mayTry(actor: string): boolean {
    const tried = this.#tried.get(actor) ?? { kinds: 0, more: 0 };
    this.#tried.set(actor, tried);
    if (tried.kinds >= MAX_TRIED) tried.more++;
    else {
      tried.kinds++;
      return true;
    }
    return false;
  }

  async #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const again = [...this.#kinds.values()].filter(({ times }) => times > 0);
    const more = [...this.#tried].filter((entry) => entry[1].more > 0);
    this.#kinds.clear();
    this.#tried.clear();
    const lines: AuditLine[] = [
      ...again.map(({ line, times }) => ({ ...line, detail: { ...line.detail, again: times } })),
      ...more.map(([actor, tried]) => ({
        ...{ actor: 'server', action: 'audit.many', target: actor },
        detail: { again: tried.more },
      })),
    ];
    await Promise.all(lines.map((line) => this.#write(line)));
  }
}

/** Of a stranger nobody knows whether it changed anything: he can say that he signs out as often as he likes. */
function isDone({ actor, outcome = 'done' }: AuditLine): boolean {
  return actor !== STRANGER && outcome === 'done';
}
