import type { Clock } from '../../src/base/clock.ts';
import type { WritesFrom } from '../../src/domain/review/blame.ts';
import type { ReviewPerson } from '../../src/protocol/review.ts';
import type { DocumentName } from '../store/write.ts';
import type { Sent } from './authors.ts';

export interface PauseTimes {
  /** No edit for so long is a pause. */
  readonly pauseMs: number;
  /** Who never pauses gets a version this often all the same. */
  readonly longestMs: number;
  /** How often is looked. */
  readonly lookMs: number;
}

export const defaultPauseTimes: PauseTimes = { pauseMs: 30_000, longestMs: 300_000, lookMs: 5_000 };

/** Somebody at a socket. He is asked for once as long as he goes on under the same client. */
export interface Sender {
  /** Null: the server does not know. */
  readonly who: () => ReviewPerson | null;
  /** The same object for all that comes through one socket. */
  readonly socket: object;
}

/** Who writes by turns under one client does so on purpose: the last one noted answers for the rest. */
const MAX_TURNS = 100;

interface Turn extends WritesFrom<ReviewPerson> {
  socket: object;
}

interface Watched {
  file: DocumentName;
  /** Yjs client -> who sent what under it. */
  sent: Map<number, Turn[]>;
  /** What is being written down. */
  underWay: Map<number, Turn[]> | null;
  firstEdit: number;
  lastEdit: number;
}

/** Writes down what was gathered. False: it has to be tried again. */
export type OnPause = (file: DocumentName, sent: Sent) => Promise<boolean>;

/**
 * Gathers who edits which text, in memory, until the editing pauses: then it is written down together with a
 * version. Costs an edit a look-up; a server that is killed forgets who wrote in the last half minute, and learns
 * it again from the next edit of whoever is still there.
 */
export class EditWatch {
  readonly #clock: Pick<Clock, 'elapsed'>;
  readonly #times: PauseTimes;
  readonly #onPause: OnPause;
  readonly #watched = new Map<string, Watched>();
  /** Who wrote since the last version of a text. */
  readonly #editors = new Map<string, Map<string, ReviewPerson>>();
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<unknown> = Promise.resolve();

  constructor(clock: Pick<Clock, 'elapsed'>, times: PauseTimes, onPause: OnPause) {
    this.#clock = clock;
    this.#times = times;
    this.#onPause = onPause;
    this.#timer = setInterval(() => void this.look(), times.lookMs);
    this.#timer.unref();
  }

  /** `clients`: under which Yjs clients, and from which of their clocks on, something new was sent. */
  edited(file: DocumentName, { who, socket }: Sender, clients: ReadonlyMap<number, number>): void {
    const key = keyOf(file);
    const watched = this.#watch(key, file);
    watched.lastEdit = this.#clock.elapsed();
    let asked: { readonly by: ReviewPerson | null } | null = null; // one update may name thousands of clients
    for (const [client, from] of clients) {
      const turns = watched.sent.get(client);
      const last = turns?.at(-1);
      if (last?.socket !== socket) asked ??= { by: who() };
      const by = last?.socket === socket ? last.by : (asked?.by ?? null);
      if (by === null) continue;
      this.#noteEditor(key, by);
      if (last?.by.id === by.id) last.socket = socket;
      else if (turns === undefined) watched.sent.set(client, [{ from, by, socket }]);
      else if (turns.length < MAX_TURNS) turns.push({ from, by, socket });
    }
    const remover = clients.size === 0 ? who() : null;
    if (remover !== null) this.#noteEditor(key, remover);
  }

  /** What was sent and is not written down yet. */
  sent(file: DocumentName): Sent {
    const watched = this.#watched.get(keyOf(file));
    return watched === undefined ? new Map() : joined(watched.underWay ?? new Map(), watched.sent);
  }

  takeEditors(file: DocumentName): readonly ReviewPerson[] {
    const editors = this.#editors.get(keyOf(file));
    this.#editors.delete(keyOf(file));
    return [...(editors?.values() ?? [])];
  }

  /** The version that was to name them could not be kept: the next one will. */
  giveBackEditors(file: DocumentName, editors: readonly ReviewPerson[]): void {
    for (const one of editors) this.#noteEditor(keyOf(file), one);
  }

  /** The text has another name: what was gathered goes on under it. */
  moved(file: DocumentName, to: string): void {
    const next = { ...file, path: to };
    const watched = this.#watched.get(keyOf(file));
    this.#watched.delete(keyOf(file));
    this.giveBackEditors(next, this.takeEditors(file));
    if (watched === undefined) return;
    const there = this.#watched.get(keyOf(next));
    if (there !== undefined) watched.sent = joined(watched.sent, there.sent);
    watched.file = next;
    this.#watched.set(keyOf(next), watched);
  }

  /** Writes down what has paused; with `all`, everything. Resolves when it is done. */
  look(all = false): Promise<unknown> {
    const { pauseMs, longestMs } = this.#times;
    const now = this.#clock.elapsed();
    const due = [...this.#watched.values()].filter(
      ({ firstEdit, lastEdit, underWay }) =>
        underWay === null && (all || now - lastEdit >= pauseMs || now - firstEdit >= longestMs),
    );
    for (const watched of due) {
      watched.underWay = watched.sent;
      watched.sent = new Map();
      watched.firstEdit = Number.POSITIVE_INFINITY;
    }
    this.#looking = this.#looking.then(async () => {
      // One after the other: hundreds of texts that pause at once hold nobody up.
      for (const watched of due) await this.#write(watched);
    });
    return this.#looking;
  }

  /** Everything is written down when this resolves. */
  async close(): Promise<void> {
    clearInterval(this.#timer);
    await this.look(true);
    await this.look(true); // of what had moved
  }

  async #write(watched: Watched): Promise<void> {
    const sent = watched.underWay ?? new Map<number, Turn[]>();
    const done = await this.#onPause(watched.file, sent);
    watched.underWay = null;
    const now = this.#clock.elapsed();
    if (!done) {
      watched.sent = joined(sent, watched.sent);
      watched.lastEdit = now; // after another pause
    }
    if (watched.firstEdit !== Number.POSITIVE_INFINITY) return; // edited meanwhile
    const key = keyOf(watched.file);
    if (!done) watched.firstEdit = now;
    else if (this.#watched.get(key) === watched) this.#watched.delete(key);
  }

  #watch(key: string, file: DocumentName): Watched {
    const now = this.#clock.elapsed();
    const known = this.#watched.get(key);
    if (known !== undefined) {
      known.firstEdit = Math.min(known.firstEdit, now);
      return known;
    }
    const watched: Watched = { file, sent: new Map(), underWay: null, firstEdit: now, lastEdit: now };
    this.#watched.set(key, watched);
    return watched;
  }

  #noteEditor(key: string, who: ReviewPerson): void {
    const editors = this.#editors.get(key);
    if (editors === undefined) this.#editors.set(key, new Map([[who.id, who]]));
    else if (!editors.has(who.id)) editors.set(who.id, who);
  }
}

function joined(
  first: ReadonlyMap<number, Turn[]>,
  second: ReadonlyMap<number, Turn[]>,
): Map<number, Turn[]> {
  const all = new Map([...first].map(([client, turns]) => [client, [...turns]]));
  for (const [client, turns] of second) all.set(client, [...(all.get(client) ?? []), ...turns]);
  return all;
}

const keyOf = ({ project, path }: DocumentName): string => `${project}\n${path}`;
