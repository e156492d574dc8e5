import { type AuditLine, STRANGER } from './line.ts';

interface Kind {
  readonly line: AuditLine;
  times: number;
}

/** What somebody did within a minute that changes nothing: tried in vain, or opened. */
interface Idle {
  readonly actor: string;
  readonly isOpening: boolean;
  kinds: number;
  /** How many there were of further kinds, which are counted together, in which project; '': in no certain one. */
  readonly more: Map<string, number>;
}

const WINDOW_MS = 60_000;
/** So many kinds are told apart within a minute; what is done beyond them is a line each time. */
const MAX_KINDS = 5_000;
/**
 * So many kinds of what changes nothing each actor leaves within a minute, and so many lines with the number of
 * others, so that nobody fills the disk with lines.
 */
const MAX_IDLE = 100;
/** Of documents anybody who may read opens as many as he can think of: they need not exist. */
const OPENED = 'document.opened';

/**
 * Lines that come again and again: the first of a kind at once, the number of the others once a minute. What
 * somebody tries in vain takes from his own budget alone, and what he opens from another: they never hide what
 * others do, nor what he does.
 */
export class Repeated {
  readonly #write: (line: AuditLine) => Promise<void>;
  readonly #failed: (error: unknown) => void;
  readonly #kinds = new Map<string, Kind>();
  readonly #idle = new Map<string, Idle>();
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
    if (!isChange(line) && !this.#mayIdle(line)) return;
    if (this.#kinds.size < MAX_KINDS) this.#kinds.set(key, { line, times: 0 });
    await this.#write(line);
  }

  async close(): Promise<void> {
    await this.#flush();
  }

  #mayIdle({ actor, action, project = '' }: AuditLine): boolean {
    const isOpening = action === OPENED;
    const key = `${isOpening} ${actor}`;
    const idle = this.#idle.get(key) ?? { actor, isOpening, kinds: 0, more: new Map<string, number>() };
    this.#idle.set(key, idle);
    if (idle.kinds < MAX_IDLE) {
      idle.kinds++;
      return true;
    }
    const { more } = idle;
    const place = more.has(project) || more.size < MAX_IDLE ? project : '';
    more.set(place, (more.get(place) ?? 0) + 1);
    return false;
  }

  async #flush(): Promise<void> {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const again = [...this.#kinds.values()].filter(({ times }) => times > 0);
    const more = [...this.#idle.values()].flatMap(linesOf);
    this.#kinds.clear();
    this.#idle.clear();
    const lines: AuditLine[] = [
      ...again.map(({ line, times }) => ({ ...line, detail: { ...line.detail, again: times } })),
      ...more,
    ];
    await Promise.all(lines.map((line) => this.#write(line)));
  }
}

function linesOf({ actor, isOpening, more }: Idle): AuditLine[] {
  return [...more].map(([project, again]) => ({
    ...{ actor: 'server', action: 'audit.many', target: actor },
    ...(project === '' ? {} : { project }),
    detail: { again, ...(isOpening ? { of: OPENED } : {}) },
  }));
}

/** Of a stranger nobody knows whether it changed anything: he can say that he signs out as often as he likes. */
function isChange({ actor, action, outcome = 'done' }: AuditLine): boolean {
  return actor !== STRANGER && action !== OPENED && outcome === 'done';
}
