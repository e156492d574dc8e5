import type { Clock } from '../../src/base/clock.ts';
import type { NewAuditEntry } from '../store/requests/audit.ts';
import type { Store } from '../store/store.ts';
import { type ChainEnd, EMPTY_CHAIN } from './chain.ts';
import type { AuditLine } from './line.ts';
import { Repeated } from './repeated.ts';
import { SignedHeads } from './signed-heads.ts';

export interface AuditParts {
  readonly store: Store;
  readonly clock: Clock;
  /** Outside of the database: who can write the one should not be able to read the other. */
  readonly keyFile: string;
  readonly log: (line: string) => void;
  /** The first line and the last one; by default those of a server that starts and stops. */
  readonly actions?: readonly [string, string];
}

interface Batch {
  readonly lines: NewAuditEntry[];
  readonly done: Promise<void>;
}

/** In one commit: so that what people wait for, such as documents, has not to wait for many lines. */
const AT_ONCE = 25;
/** Under load commits of fewer lines follow one another no faster than this; who writes alone does not wait. */
const SPACING_MS = 25;
/**
 * The end of the chain is signed a second after an entry; while more come, once for so many, or once a minute.
 * While nothing happens, nothing is signed.
 */
const SIGN_AFTER_MS = 1_000;
const SIGN_EVERY_ENTRIES = 64;
const SIGN_EVERY_MS = 60_000;
const MAX_TEXT = 600;
const MAX_DETAIL = 4_000;

/**
 * Adds to the audit log. Lines that come while others are being written go together in one commit, and where
 * the chain stands then is signed soon afterwards, outside of the database.
 */
export class AuditLog {
  readonly #parts: AuditParts;
  readonly #actions: readonly [string, string];
  readonly #heads: SignedHeads;
  readonly #repeated: Repeated;
  #batch: Batch | null = null;
  /** When the last commit was begun. */
  #began = Number.NEGATIVE_INFINITY;
  #last: Promise<unknown> = Promise.resolve();
  #end: ChainEnd = EMPTY_CHAIN;
  #signedEnd: ChainEnd = EMPTY_CHAIN;
  #signedAt = Number.NEGATIVE_INFINITY;
  #signing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | null = null;
  #waitsLong = false;

  private constructor(parts: AuditParts, heads: SignedHeads) {
    this.#parts = parts;
    this.#actions = parts.actions ?? ['server.started', 'server.stopped'];
    this.#heads = heads;
    this.#repeated = new Repeated(
      (line) => this.#add(line),
      (error) => this.#failed(error),
    );
  }

  /** Errors: auditKeyUnusable. */
  static async open(parts: AuditParts): Promise<AuditLog> {
    const heads = await SignedHeads.open(parts.keyFile);
    const log = new AuditLog(parts, heads);
    try {
      await log.#lookAtEnd();
      await log.record({ actor: 'server', action: log.#actions[0], detail: { pid: process.pid } });
      await log.#sign(); // a log of which nothing is signed is one that somebody put there
      log.#signedAt = Number.NEGATIVE_INFINITY;
      return log;
    } catch (error) {
      await heads.close();
      throw error;
    }
  }

  /** The line is on disk when it resolves. */
  record(line: AuditLine): Promise<void> {
    return this.#add(line);
  }

  /**
   * What can come many times a second: the first is written at once, the others of its kind are counted and
   * make one line a minute.
   */
  recordOften(line: AuditLine): Promise<void> {
    return this.#repeated.add(line);
  }

  /** The same, for what fails in any case: that it could not be written is said in the server's own log. */
  async note(line: AuditLine): Promise<void> {
    try {
      await this.recordOften(line);
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Signs where the chain ends. */
  async close(): Promise<void> {
    try {
      await this.#repeated.close();
      await this.#add({ actor: 'server', action: this.#actions[1], detail: { pid: process.pid } });
    } catch (error) {
      this.#failed(error); // a database that fails keeps no server from stopping
    }
    if (this.#timer !== null) clearTimeout(this.#timer);
    await this.#sign();
    await this.#heads.close();
  }

  #add(line: AuditLine): Promise<void> {
    if (this.#batch === null || this.#batch.lines.length >= AT_ONCE) this.#batch = this.#nextBatch();
    this.#batch.lines.push(entryOf(line, this.#parts.clock.now()));
    return this.#batch.done;
  }

  #nextBatch(): Batch {
    const lines: NewAuditEntry[] = [];
    const done = this.#last.then(async () => {
      const wait = this.#began + SPACING_MS - performance.now();
      if (wait > 1 && lines.length < AT_ONCE) await new Promise((resolve) => setTimeout(resolve, wait));
      this.#began = performance.now();
      if (this.#batch?.lines === lines) this.#batch = null;
      await this.#append(lines);
      this.#signSoon();
    });
    this.#last = done.catch(() => undefined);
    return { lines, done };
  }

  async #append(lines: readonly NewAuditEntry[]): Promise<void> {
    const { store, clock, log } = this.#parts;
    const known = this.#end;
    const added = await store.call('appendAudit', { entries: lines, after: known });
    if (added.kind === 'added') {
      this.#end = added.end;
      return;
    }
    await this.#sign(); // as it was: whatever is written from here on, the log never looks whole again
    log(
      `The audit log was changed while the server ran: look at it with \`npx anneal audit verify\` (entry ${known.seq}).`,
    );
    const line: AuditLine = { actor: 'server', action: 'audit.mismatch', target: `entry ${known.seq}` };
    const entries = [entryOf(line, clock.now()), ...lines];
    this.#end = (await store.call('appendAudit', { entries, after: EMPTY_CHAIN })).end;
  }

  #failed(error: unknown): void {
    this.#parts.log(`The audit log could not be written: ${String(error)}`);
  }

  #signSoon(): void {
    const many = this.#end.seq - this.#signedEnd.seq >= SIGN_EVERY_ENTRIES;
    const since = this.#parts.clock.elapsed() - this.#signedAt;
    const wait = Math.max(SIGN_AFTER_MS, (many ? SIGN_AFTER_MS : SIGN_EVERY_MS) - since);
    if (this.#timer !== null && !(many && this.#waitsLong)) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#waitsLong = wait > SIGN_AFTER_MS;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.#sign();
    }, wait);
    this.#timer.unref();
  }

  /** Never rejects: what could not be signed is signed with what comes next. */
  #sign(): Promise<void> {
    this.#signing = this.#signing.then(async () => {
      const end = this.#end;
      if (end.hash === this.#signedEnd.hash) return;
      try {
        await this.#heads.sign(end, this.#parts.clock.now());
        this.#signedEnd = end;
        this.#signedAt = this.#parts.clock.elapsed();
      } catch (error) {
        this.#parts.log(`The end of the audit log could not be signed: ${String(error)}`);
      }
    });
    return this.#signing;
  }

  /** Whether the log still holds what was signed last; the whole of it is looked at by `anneal audit verify`. */
  async #lookAtEnd(): Promise<void> {
    const { last } = this.#heads;
    if (last === null || last.seq === 0) return;
    const [entry] = await this.#parts.store.call('auditEntries', { after: last.seq - 1, limit: 1 });
    if (entry?.seq === last.seq && entry.hash === last.hash) return;
    this.#parts.log(
      `The audit log is not the one that was signed: look at it with \`npx anneal audit verify\` (entry ${last.seq}).`,
    );
    await this.record({ actor: 'server', action: 'audit.mismatch', target: `entry ${last.seq}` });
  }
}

function entryOf(line: AuditLine, at: number): NewAuditEntry {
  const {
    actor,
    name = null,
    action,
    target = '',
    outcome = 'done',
    workspace = null,
    project,
    detail,
  } = line;
  return {
    at: Math.trunc(at),
    workspace,
    actor: clean(actor),
    name: name === null ? null : clean(name),
    action: clean(action),
    target: clean(target),
    outcome,
    detail: detailOf(detail),
    ...(project === undefined ? {} : { project }),
  };
}

function detailOf(detail: AuditLine['detail']): string {
  const text = JSON.stringify(detail ?? {}).toWellFormed();
  return text.length <= MAX_DETAIL ? text : '{"cut":true}';
}

/** As every database keeps it: whole characters, none of them a control character. */
function clean(text: string): string {
  return text
    .slice(0, MAX_TEXT)
    .toWellFormed()
    .replace(/\p{Cc}/gu, '\u{FFFD}');
}
