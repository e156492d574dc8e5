import type * as Y from 'yjs';
import type { AnnealError } from '../../src/base/error.ts';
import { CloseCode, type DocumentKind, documentKind } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { DocumentName, Writer } from '../store/write.ts';
import { RoomAwareness } from './awareness.ts';
import type { CloseCodeValue } from './close-code.ts';
import { RoomChanges } from './room-changes.ts';
import { RoomDocument } from './room-document.ts';
import { type Received, RoomIntake } from './room-intake.ts';
import { RoomLife } from './room-life.ts';
import { RoomLink } from './room-link.ts';
import { RoomLoading } from './room-loading.ts';
import { RoomLog } from './room-log.ts';
import type { RoomCore, RoomParts, RoomPeer } from './room-parts.ts';
import { RoomRenewal } from './room-renewal.ts';
import type { RoomState } from './room-state.ts';

const noCheck = (): void => undefined;

/**
 * One shared document in memory: everybody in it sees the same, and what is acknowledged is on disk. What it does
 * is done by its pieces, each of which changes for a reason of its own.
 */
export class Room {
  readonly name: DocumentName;
  readonly peers = new Set<RoomPeer>();
  readonly awareness: RoomAwareness;
  /** Settles when the document has been loaded; nothing is served before. */
  readonly loaded: Promise<void>;
  readonly #parts: RoomParts;
  readonly #document: RoomDocument;
  readonly #life: RoomLife;
  readonly #log: RoomLog;
  readonly #changes: RoomChanges;
  readonly #loading: RoomLoading;
  readonly #renewal: RoomRenewal;
  readonly #intake: RoomIntake;

  constructor(name: DocumentName, parts: RoomParts) {
    this.name = name;
    this.#parts = parts;
    const { store, limits, metrics, shared } = parts;
    const document = new RoomDocument(documentKind(name.path));
    const doubt = (): void => void shared?.catchUp.look().catch(() => undefined); // else at the next turn
    const link = shared === null ? null : new RoomLink(shared.fanout, name, doubt);
    this.awareness = new RoomAwareness(this.peers, limits.awarenessIntervalMs, (frame) => link?.say(frame));
    const life = new RoomLife({
      idleMs: limits.idleMs,
      onIdle: () => this.#mayGo(),
      onClosed: () => {
        link?.close();
        this.awareness.dispose();
        document.doc.destroy();
        parts.onClosed();
      },
    });
    const log = new RoomLog({
      name,
      store,
      limits,
      metrics,
      seenOfOthers: shared === null ? null : () => shared.catchUp.seen,
      encode: () => document.encode(),
      onWrite: () => life.step({ kind: 'wrote' }),
      onSettled: () => life.settled(),
      onFailed: (error) => this.#storeFailed(error),
    });
    const { peers, awareness } = this;
    const core: RoomCore = { name, parts, document, life, log, peers, awareness, link };
    this.#document = document;
    this.#life = life;
    this.#log = log;
    this.#changes = new RoomChanges(core);
    this.#loading = new RoomLoading(core);
    this.#renewal = new RoomRenewal(core);
    this.#intake = new RoomIntake(core, this.#changes, this.#renewal);
    this.loaded = this.#loading.load(this);
    this.loaded.catch(() => life.step({ kind: 'loadFailed' }));
  }

  get kind(): DocumentKind {
    return this.#document.kind;
  }

  get doc(): Y.Doc {
    return this.#document.doc;
  }

  get phase(): RoomState['phase'] {
    return this.#life.phase;
  }

  /** Whether it takes people and updates in. */
  get isOpen(): boolean {
    return this.#life.isOpen;
  }

  get closed(): Promise<void> {
    return this.#life.closed;
  }

  /** Which life of the log this is. */
  get epoch(): number {
    return this.#parts.store.epoch;
  }

  /** About how long its state is, encoded: at most as long as its snapshot and its log. */
  get bytes(): number {
    return this.#log.stateBytes;
  }

  /** All of the log up to this number is on disk. */
  get lsn(): number {
    return this.#parts.store.lsn;
  }

  /** Resolves when all that the document holds now is on disk. */
  get durable(): Promise<void> {
    return this.#log.durable;
  }

  /** Holds the room in memory until `release`. */
  retain(): void {
    this.#life.retain();
  }

  release(): void {
    this.#life.release();
  }

  /** A peer that has gone takes no more frames, and its cursor goes too. */
  drop(peer: RoomPeer): void {
    if (this.peers.delete(peer)) this.awareness.leave(peer);
  }

  /**
   * Takes a stranger's update in: when this returns (a large one: resolves) it has been applied and the others
   * have been told; `durable` resolves when it is on disk. Throws what src/protocol/sync.ts closes sockets for,
   * and what `check` throws, which is asked right before it is applied. `isAnswer`: to the server's step 1.
   */
  receive(
    update: Uint8Array,
    from: RoomPeer,
    check: () => void = noCheck,
    isAnswer = false,
  ): Received | Promise<Received> {
    return this.#intake.receive(update, from, check, isAnswer);
  }

  /** What a client with this state vector has not, as an update. */
  missingFrom(stateVector: Uint8Array): Uint8Array {
    return this.#document.missingFrom(stateVector);
  }

  /** Resolves when it holds what other servers had written when this was asked. */
  async look(): Promise<void> {
    await this.#parts.shared?.catchUp.look();
  }

  /** Whether an editor that knows this client has a document of an earlier generation. */
  isRetired(client: number): boolean {
    return this.#document.retired.has(client);
  }

  /** An edit by the server itself; resolves when it is on disk. `writer`: what commits it, with what else. */
  edit(change: (doc: Y.Doc) => void, writer?: Writer): Promise<void> {
    const { doc } = this;
    return this.#changes.make(() => doc.transact(() => change(doc), 'server'), null, writer);
  }

  /**
   * What another server wrote: applied and told, and not written again. Resolves when it is there; with false, and
   * nothing is applied, where it is of another life of the document.
   */
  adopt(updates: readonly Uint8Array[], generation: number): boolean | Promise<boolean> {
    return this.#loading.adopt(updates, generation);
  }

  /** What is in memory is not what the database says. */
  abandon(error: AnnealError): void {
    const isReplaced = error.code === serverErrors.documentReplaced.code;
    const code = isReplaced ? CloseCode.resync : CloseCode.notStored;
    void this.shut(code, error.message.slice(0, 100));
  }

  /** Sends everybody away, waits until all is on disk, and lets go of the document. */
  async shut(code: CloseCodeValue, reason: string): Promise<void> {
    await this.loaded.catch(() => undefined);
    for (const peer of [...this.peers]) peer.close(code, reason);
    this.#life.step({ kind: 'close' });
    await this.closed;
  }

  /** Nothing in memory may be trusted to be on disk any more: everybody reconnects and sends it again. */
  #storeFailed(error: AnnealError): void {
    this.#life.step({ kind: 'settled' });
    this.abandon(error);
  }

  /** Whether nothing is left to be done before it leaves memory. */
  #mayGo(): boolean {
    if (this.#renewal.isDue) void this.#renewal.begin('idle');
    else if (this.#log.isLong) this.#log.compact();
    else return true;
    return false;
  }
}
