import type * as Y from 'yjs';
import { AnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { CloseCode, PROJECT_DOCUMENT } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName } from '../store/write.ts';
import { CatchUp } from './catch-up.ts';
import type { CloseCodeValue } from './close-code.ts';
import type { Fanout } from './fanout.ts';
import { Holds } from './holds.ts';
import type { SyncLimits } from './limits.ts';
import { noMetrics, type SyncMetrics } from './metrics.ts';
import { Room } from './room.ts';
import type { OnEdited, OnRotate, WriterOf } from './room-parts.ts';
import type { RoomState } from './room-state.ts';
import { noFollower } from './rotation.ts';
import { Trial } from './trial.ts';
import { Turns } from './turns.ts';

/** A project's list is read by everybody who comes, so it stays in memory so many times as long as a text. */
const LIST_STAYS = 6;

/** Why a document cannot be opened, and trying again soon is of no use. */
const lasting: ReadonlySet<string> = new Set([
  serverErrors.documentDamaged.code,
  serverErrors.sealBroken.code,
]);

const keyOf = ({ project, path }: DocumentName): string => `${project}\n${path}`;

/** So long what is stored of a damaged document is not looked at again: its editors come back every few seconds. */
const DAMAGED_MS = 10_000;

/** All rooms in memory: one for a document, however many come at once. */
export class Rooms {
  readonly #store: Store;
  readonly #limits: SyncLimits;
  readonly #listLimits: SyncLimits;
  readonly #trial: Trial;
  readonly #rooms = new Map<string, Room>();
  /** Documents that are being moved or removed: who wants in waits. */
  readonly #locks = new Map<string, Promise<void>>();
  /** Documents that could not be opened, why, and until when nobody need try. */
  readonly #damaged = new Map<string, { readonly error: AnnealError; readonly until: number }>();
  /** Set by the composition root; see RoomParts. */
  onFirstText: (name: DocumentName) => void = () => undefined;
  onEdited: OnEdited = () => undefined;
  writerOf: WriterOf = () => undefined;
  onRotate: OnRotate = (_name, rotate) => rotate(noFollower);
  /** A document cannot be opened by anybody; said once, until it can be. */
  onDamaged: (error: AnnealError) => void = () => undefined;
  /** The server's one thread, as all sockets and documents share it. */
  readonly turns = new Turns();
  readonly #metrics: SyncMetrics;
  /** Where other servers use the same database. */
  readonly #shared: { readonly fanout: Fanout; readonly catchUp: CatchUp; readonly holds: Holds } | null;

  constructor(
    store: Store,
    limits: SyncLimits,
    metrics: SyncMetrics = noMetrics,
    fanout: Fanout | null = null,
  ) {
    this.#store = store;
    this.#limits = limits;
    this.#listLimits = { ...limits, idleMs: limits.idleMs * LIST_STAYS };
    this.#metrics = metrics;
    this.#trial = new Trial(limits);
    const find = (name: DocumentName): Room | undefined => this.#rooms.get(keyOf(name));
    const holds = (among: Fanout): Holds =>
      new Holds(among, {
        hold: (name, code, reason, until) =>
          new Promise((resolve, reject) => {
            this.#exclusiveHere(name, code, reason, () => {
              resolve();
              return until;
            }).catch(reject);
          }),
        shutProject: (project, code, reason) => void this.#shutProjectHere(project, code, reason),
      });
    this.#shared =
      fanout === null
        ? null
        : { fanout, catchUp: new CatchUp(store, find, limits.catchUpMs), holds: holds(fanout) };
  }

  /** Resolves when other servers are heard; until then nobody may be let in. */
  async open(): Promise<void> {
    if (this.#shared === null) return;
    const { fanout, catchUp, holds } = this.#shared;
    fanout.onDoubt(() => void catchUp.look().catch(() => undefined)); // else at the next turn
    await holds.open();
  }

  /** Resolves when every document in memory holds what other servers had written when this was asked. */
  async look(): Promise<void> {
    await this.#shared?.catchUp.look();
  }

  #closed = false;

  get size(): number {
    return this.#rooms.size;
  }

  /** How many documents are in memory, by phase. */
  get phases(): Record<RoomState['phase'], number> {
    const counts = { loading: 0, live: 0, idle: 0, unloading: 0, closed: 0 };
    for (const room of this.#rooms.values()) counts[room.phase]++;
    return counts;
  }

  get loaded(): Iterable<Room> {
    return this.#rooms.values();
  }

  /**
   * Enters the loaded room, which `start` gets retained: whoever is in it must `release` it. `start` runs at
   * once, so that the room cannot begin to close in between. `check` throws where nobody may enter: it is asked
   * while the room is held, so that what it looked at cannot change before `start`. It must not use this room.
   */
  async enter<T>(
    name: DocumentName,
    start: (room: Room) => T,
    check: () => Promise<void> = async () => undefined,
  ): Promise<T> {
    for (;;) {
      const room = await this.#retained(name);
      try {
        await room.loaded;
        if (room.isOpen) await check();
        if (room.isOpen) return start(room);
      } catch (error) {
        room.release();
        throw error;
      }
      room.release(); // it was told to close meanwhile
    }
  }

  /** Runs something on the document while it is held in memory. */
  async use<T>(name: DocumentName, work: (room: Room) => T | Promise<T>): Promise<T> {
    const { room, result } = await this.enter(name, (entered) => ({ room: entered, result: work(entered) }));
    try {
      return await result;
    } finally {
      room.release();
    }
  }

  /** Reads the document; the value is taken at once, without a gap. */
  read<T>(name: DocumentName, take: (doc: Y.Doc) => T): Promise<T> {
    return this.use(name, (room) => take(room.doc));
  }

  /** Runs something while nobody is in the document and nothing of it is in memory. */
  async exclusive<T>(
    name: DocumentName,
    code: CloseCodeValue,
    reason: string,
    work: () => Promise<T>,
  ): Promise<T> {
    // First among servers and then here: two that wish for the same wait for one another in one order.
    const taken = await this.#shared?.holds.take(name, code, reason);
    try {
      return await this.#exclusiveHere(name, code, reason, work);
    } finally {
      await taken?.release();
    }
  }

  async #exclusiveHere<T>(
    name: DocumentName,
    code: CloseCodeValue,
    reason: string,
    work: () => Promise<T>,
  ): Promise<T> {
    const key = keyOf(name);
    for (let lock = this.#locks.get(key); lock !== undefined; lock = this.#locks.get(key)) await lock;
    let unlock = (): void => undefined;
    this.#locks.set(
      key,
      new Promise((resolve) => {
        unlock = resolve;
      }),
    );
    try {
      await this.#rooms.get(key)?.shut(code, reason);
      return await work();
    } finally {
      this.#locks.delete(key);
      unlock();
    }
  }

  /** Sends everybody out of a project's documents and writes them down. */
  async shutProject(project: string, code: CloseCodeValue, reason: string): Promise<void> {
    this.#shared?.holds.shutProject(project, code, reason);
    await this.#shutProjectHere(project, code, reason);
  }

  async #shutProjectHere(project: string, code: CloseCodeValue, reason: string): Promise<void> {
    const rooms = [...this.#rooms.values()].filter((room) => room.name.project === project);
    await Promise.all(rooms.map((room) => room.shut(code, reason)));
  }

  /** Everything is on disk when this resolves. */
  async close(): Promise<void> {
    this.#closed = true;
    const rooms = [...this.#rooms.values()];
    await Promise.all(rooms.map((room) => room.shut(CloseCode.restart, 'The server stops')));
    await this.#shared?.catchUp.stop();
    this.#shared?.holds.close();
    await this.#trial.close();
  }

  /** A room that takes people in, once whatever stands in the way is over; retained before anything else runs. */
  async #retained(name: DocumentName): Promise<Room> {
    const key = keyOf(name);
    for (;;) {
      if (this.#closed) throw protocolErrors.shuttingDown();
      const lock = this.#locks.get(key);
      const room = this.#rooms.get(key);
      const damaged = this.#damaged.get(key);
      if (damaged !== undefined && performance.now() < damaged.until) throw damaged.error;
      if (lock !== undefined) await lock;
      else if (room?.phase === 'unloading') await room.closed;
      else break;
    }
    const room = this.#rooms.get(key) ?? this.#create(name);
    room.retain();
    return room;
  }

  #create(name: DocumentName): Room {
    const key = keyOf(name);
    const shared = this.#shared;
    const room: Room = new Room(name, {
      store: this.#store,
      trial: this.#trial,
      turns: this.turns,
      limits: name.path === PROJECT_DOCUMENT ? this.#listLimits : this.#limits,
      metrics: this.#metrics,
      shared:
        shared === null
          ? null
          : {
              fanout: shared.fanout,
              catchUp: shared.catchUp,
              take: (taken, reason, isWanted) => shared.holds.take(taken, CloseCode.resync, reason, isWanted),
            },
      onFirstText: (first) => this.onFirstText(first),
      onRotate: (rotated, rotate) => this.onRotate(rotated, rotate),
      onEdited: (edited, from, clients, says) => this.onEdited(edited, from, clients, says),
      writerOf: (written, from, update) => this.writerOf(written, from, update),
      onClosed: () => {
        if (this.#rooms.get(key) === room) this.#rooms.delete(key);
      },
    });
    this.#rooms.set(key, room);
    room.loaded.then(
      () => this.#damaged.delete(key),
      (error: unknown) => this.#loadFailed(key, error),
    );
    return room;
  }

  #loadFailed(key: string, error: unknown): void {
    if (!(error instanceof AnnealError) || !lasting.has(error.code)) return;
    const before = this.#damaged.get(key);
    this.#damaged.set(key, { error, until: performance.now() + DAMAGED_MS });
    if (before?.error.message !== error.message) this.onDamaged(error);
  }
}
