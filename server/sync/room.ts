import * as Y from 'yjs';
import { type AnnealError, toAnnealError } from '../../src/base/error.ts';
import { CloseCode, type DocumentKind, documentKind, TEXT_ROOT } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { Together } from '../store/together.ts';
import type { DocumentName, Writer } from '../store/write.ts';
import { RoomAwareness } from './awareness.ts';
import { removeCarriageReturns } from './carriage-returns.ts';
import type { CloseCodeValue } from './close-code.ts';
import { DIRECT_MS, type News, newsOf, structsOf, worstMs } from './cost.ts';
import { emittedBy } from './emitted-by.ts';
import { updateFrame } from './frames.ts';
import { isAllNew, newClocks } from './new-clocks.ts';
import { fits, isOutgrown } from './outgrown.ts';
import { portions, storedPortions } from './portions.ts';
import { Retired } from './retired.ts';
import { RoomLink } from './room-link.ts';
import { RoomLog } from './room-log.ts';
import type { RoomParts, RoomPeer } from './room-parts.ts';
import { isOpen, newRoom, type RoomEvent, type RoomState, roomStep } from './room-state.ts';
import { type Follower, nextGeneration, retiredClients } from './rotation.ts';
import { type Scan, scanUpdate } from './scan-update.ts';
import {
  checkGeneration,
  checkPending,
  checkRotation,
  inOrder,
  MissingParts,
  withoutUnknownDeletions,
} from './update-checks.ts';

export interface Received {
  readonly durable: Promise<void>;
}

const ANEW = 'The document begins anew';

/** What another server wrote, and of which life of the document. */
interface Told {
  readonly updates: readonly Uint8Array[];
  readonly generation: number;
}

/** One shared document in memory: everybody in it sees the same, and what is acknowledged is on disk. */
export class Room {
  readonly name: DocumentName;
  readonly kind: DocumentKind;
  readonly doc = new Y.Doc();
  readonly peers = new Set<RoomPeer>();
  readonly awareness: RoomAwareness;
  /** Settles when the document has been loaded; nothing is served before. */
  readonly loaded: Promise<void>;
  readonly closed: Promise<void>;
  readonly #parts: RoomParts;
  readonly #link: RoomLink | null;
  /** What other servers said while the document was being loaded. */
  readonly #early: Told[] = [];
  #state: RoomState = newRoom;
  #resolveClosed: () => void = () => undefined;
  #idleTimer: NodeJS.Timeout | null = null;
  readonly #log: RoomLog;
  #hasText = false;
  #rotating = false;
  #staysOld = false;
  /** Yjs clients of generations that are over. */
  #retired = Retired.none;
  /** The whole state as bytes, while nothing has changed since. */
  #encoded: Uint8Array | null = null;

  constructor(name: DocumentName, parts: RoomParts) {
    this.name = name;
    this.kind = documentKind(name.path);
    this.#parts = parts;
    const { shared: among } = parts;
    const doubt = (): void => void among?.catchUp.look().catch(() => undefined); // else at the next turn
    this.#link = among === null ? null : new RoomLink(among.fanout, name, doubt);
    this.awareness = new RoomAwareness(this.peers, parts.limits.awarenessIntervalMs, (frame) =>
      this.#link?.say(frame),
    );
    const { store, limits, metrics, shared } = parts;
    this.#log = new RoomLog({
      name,
      store,
      limits,
      metrics,
      seenOfOthers: shared === null ? null : () => shared.catchUp.seen,
      encode: () => this.#encode(),
      onWrite: () => this.#step({ kind: 'wrote' }),
      onSettled: () => this.#settled(),
      onFailed: (error) => this.#storeFailed(error),
    });
    this.closed = new Promise((resolve) => {
      this.#resolveClosed = resolve;
    });
    this.loaded = this.#load();
    this.loaded.catch(() => this.#step({ kind: 'loadFailed' }));
  }

  get phase(): RoomState['phase'] {
    return this.#state.phase;
  }

  /** Whether it takes people and updates in. */
  get isOpen(): boolean {
    return isOpen(this.#state);
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
    this.#step({ kind: 'joined' });
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
  }

  release(): void {
    this.#step({ kind: 'left' });
    this.#unloadWhenIdle();
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
    check: () => void = () => undefined,
    isAnswer = false,
  ): Received | Promise<Received> {
    const scanned = scanUpdate(update, this.kind);
    if (!scanned.ok) throw scanned.error;
    const scan = scanned.value;
    checkGeneration(scan, this.doc, this.#retired);
    const placed = withoutUnknownDeletions(update, scan, this.doc, isAnswer);
    if (placed !== update) return this.receive(placed, from, check);
    checkRotation(scan, this.doc);
    const news = newsOf(scan, this.doc);
    if (news.structs + news.deletes === 0) return { durable: this.durable };
    checkPending(scan, update.length, this.doc, this.#parts.limits.pendingBytes);
    if (news.structs > 0) this.#checkSize(update, news); // what only deletes is the way out of a full document
    const parts = news.structs + news.deletes;
    const tell = scan.carriageReturn ? null : from;
    const clients = newClocks(scan, this.doc);
    const edited = (): void =>
      this.#parts.onEdited(this.name, from, clients, () => this.awareness.saidBy(from));
    if (parts > this.#parts.limits.trialParts || worstMs(parts, structsOf(this.doc)) > DIRECT_MS)
      return this.#receiveLarge(update, scan, parts, from, check).then((received) => {
        edited();
        return received;
      });
    if (scan.ranges.size > 1) inOrder(update, this.kind, this.doc);
    check();
    const writer = this.#parts.writerOf(this.name, from, update);
    const durable = isAllNew(scan, this.doc)
      ? this.#passOn(update, scan, tell, writer)
      : this.#change(() => this.#apply(update, scan.carriageReturn), tell, update, writer);
    this.#learnRetired();
    edited();
    return { durable };
  }

  /** What a client with this state vector has not, as an update. */
  missingFrom(stateVector: Uint8Array): Uint8Array {
    return stateVector.length === 1 ? this.#encode() : Y.encodeStateAsUpdate(this.doc, stateVector);
  }

  /** Whether an editor that knows this client has a document of an earlier generation. */
  isRetired(client: number): boolean {
    return this.#retired.has(client);
  }

  /** An edit by the server itself; resolves when it is on disk. `writer`: what commits it, with what else. */
  edit(change: (doc: Y.Doc) => void, writer?: Writer): Promise<void> {
    return this.#change(() => this.doc.transact(() => change(this.doc), 'server'), null, undefined, writer);
  }

  /**
   * What another server wrote: applied and told, and not written again. Resolves when it is there; with false, and
   * nothing is applied, where it is of another life of the document.
   */
  adopt(updates: readonly Uint8Array[], generation: number): boolean | Promise<boolean> {
    if (this.phase === 'closed') return true;
    if (this.phase === 'loading') {
      this.#early.push({ updates, generation });
      return true;
    }
    if (!this.#log.isOf(generation)) return false;
    return this.#parts.turns.run(this.#stored({ snapshot: null, updates })).then(() => true);
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
    this.#step({ kind: 'close' });
    await this.closed;
  }

  async #load(): Promise<void> {
    await this.#link?.open(this);
    const stored = await this.#parts.store.call('loadDocument', this.name);
    const { turns } = this.#parts;
    await turns.run(this.#stored(stored));
    this.#log.loaded(stored);
    for (let told = this.#early.shift(); told !== undefined; told = this.#early.shift()) {
      // What is of another life is either over, or the next look at the database ends this room.
      if (this.#log.isOf(told.generation)) await turns.run(this.#stored({ ...told, snapshot: null }));
    }
    this.#retired = retiredClients(this.doc);
    this.#hasText = this.doc.share.size > 0;
    this.#step({ kind: 'loaded' });
  }

  #stored(stored: { readonly snapshot: Uint8Array | null; readonly updates: readonly Uint8Array[] }) {
    return storedPortions(this.doc, this.kind, stored, (part) => {
      if (this.phase === 'closed') return;
      this.#encoded = null;
      if (this.phase === 'loading') {
        Y.applyUpdate(this.doc, part, 'store');
        return;
      }
      const emitted = emittedBy(this.doc, () => Y.applyUpdate(this.doc, part, 'store'));
      if (emitted.length > 0) this.#log.adopted(part.length);
      this.#hasText ||= emitted.length > 0;
      this.#learnRetired();
      for (const frame of emitted.map(updateFrame)) for (const peer of this.peers) peer.send(frame);
    });
  }

  /** Tried elsewhere first, then taken in by portions; the others have their turns in between. */
  async #receiveLarge(
    update: Uint8Array,
    scan: Scan,
    parts: number,
    from: RoomPeer,
    check: () => void,
  ): Promise<Received> {
    await this.#parts.trial.run(parts, () => {
      check();
      return { state: this.#encode(), update };
    });
    const slices = inOrder(update, this.kind, this.doc);
    const durable: Promise<void>[] = [];
    const take = (part: Uint8Array): void => {
      check();
      checkGeneration(scan, this.doc, this.#retired); // others have had their turns
      checkRotation(scan, this.doc);
      const writer = this.#parts.writerOf(this.name, from, part);
      const tell = scan.carriageReturn ? null : from;
      const written = this.#change(() => this.#apply(part, scan.carriageReturn), tell, part, writer);
      written.catch(() => undefined); // heard of below
      this.#learnRetired();
      durable.push(written);
    };
    await this.#parts.turns.run(portions(slices, this.doc, take));
    return { durable: Promise.all(durable).then(() => undefined) };
  }

  /** The document comes back to a server that lost it, and who is retired with it. */
  #learnRetired(): void {
    if (this.#retired.size === 0) this.#retired = retiredClients(this.doc);
  }

  #encode(): Uint8Array {
    this.#encoded ??= Y.encodeStateAsUpdate(this.doc);
    return this.#encoded;
  }

  #apply(update: Uint8Array, carriageReturn: boolean): void {
    const { doc } = this;
    if (!carriageReturn) {
      Y.applyUpdate(doc, update);
      return;
    }
    // One transaction, so that nobody ever sees the carriage return.
    doc.transact((transaction) => {
      Y.applyUpdate(doc, update);
      removeCarriageReturns(doc.getText(TEXT_ROOT));
      transaction.local = true; // else Yjs takes the repair for another client that uses this document's id
    });
  }

  /**
   * Runs a change, tells everybody but `from`, and hands what changed to the store. `raw` is the update that
   * the change takes in, if it is one: what of it waits for other updates is in no event of Yjs, yet it was
   * received and will be acknowledged.
   */
  #change(change: () => void, from: RoomPeer | null, raw?: Uint8Array, writer?: Writer): Promise<void> {
    if (!this.isOpen) return Promise.reject(serverErrors.storeFailed({ message: 'The room is closing' }));
    const { store } = this.doc;
    // Yjs puts what has to wait for more into the object that it has, but always as new bytes.
    const [structs, deletes] = [store.pendingStructs?.update, store.pendingDs];
    this.#encoded = null; // also where nothing is emitted: what waits for other updates belongs to the state
    let failure: AnnealError | null = null;
    const changes = emittedBy(this.doc, () => {
      try {
        change();
      } catch (cause) {
        // What had taken effect before stays, here and everywhere.
        failure = toAnnealError(cause, serverErrors.malformedUpdate);
      }
    });
    const waitsForMore = store.pendingStructs?.update !== structs || store.pendingDs !== deletes;
    const waiting = waitsForMore && raw !== undefined && this.#waits ? [raw] : [];
    const durable = this.#publish(changes, from, waiting, writer);
    return failure === null ? durable : Promise.reject(failure);
  }

  /** All of the update is new, and nothing of it waits: it goes to the others and to the disk as it came. */
  #passOn(
    update: Uint8Array,
    { ranges }: Scan,
    from: RoomPeer | null,
    writer: Writer | undefined,
  ): Promise<void> {
    if (!this.isOpen) return Promise.reject(serverErrors.storeFailed({ message: 'The room is closing' }));
    this.#encoded = null;
    try {
      Y.applyUpdate(this.doc, update);
    } catch (cause) {
      // As above; what that was is to be found out only now.
      const before = Y.decodeStateVector(Y.encodeStateVector(this.doc));
      for (const [client, { from: clock }] of ranges) before.set(client, clock);
      const effect = Y.encodeStateAsUpdate(this.doc, Y.encodeStateVector(before));
      this.#publish([effect], from, [], writer).catch(() => undefined);
      return Promise.reject(toAnnealError(cause, serverErrors.malformedUpdate));
    }
    const copy = new Uint8Array(update); // it came with others in one piece of memory
    return this.#publish([copy], from, [], writer);
  }

  /** Tells everybody but `from`, and hands it to the store; what is `waiting` nobody can use yet. */
  #publish(
    changes: readonly Uint8Array[],
    from: RoomPeer | null,
    waiting: readonly Uint8Array[] = [],
    writer?: Writer,
  ): Promise<void> {
    const frames = changes.map(updateFrame);
    for (const frame of frames) for (const peer of this.peers) if (peer !== from) peer.send(frame);
    const durable = this.#write(waiting.length === 0 ? changes : [...changes, ...waiting], writer);
    const { generation } = this.#log;
    const tell = (): void => {
      for (const frame of frames) this.#link?.tell(frame, generation);
    };
    // Only then: who sends it to another server, too, is promised there what that one holds.
    if (this.#link !== null) durable.then(tell, () => undefined);
    return durable;
  }

  #write(updates: readonly Uint8Array[], writer?: Writer): Promise<void> {
    if (updates.length > 0 && !this.#hasText && this.kind === 'text') {
      this.#hasText = true;
      this.#parts.onFirstText(this.name);
    }
    return this.#log.append(updates, writer);
  }

  #settled(): void {
    this.#step({ kind: 'settled' });
    this.#unloadWhenIdle();
  }

  /** Nothing in memory may be trusted to be on disk any more: everybody reconnects and sends it again. */
  #storeFailed(error: AnnealError): void {
    this.#step({ kind: 'settled' });
    this.abandon(error);
  }

  #checkSize(update: Uint8Array, news: News): void {
    const { limits } = this.#parts;
    if (this.bytes + update.length > limits.documentBytes) this.#log.measure();
    const bytes = this.bytes + update.length;
    const structs = structsOf(this.doc) + news.structs;
    const clients = this.doc.store.clients.size + news.clients;
    if (fits({ bytes, structs, clients }, limits)) return;
    if (this.#mayRotate()) {
      void this.#rotate('full');
      throw new MissingParts(ANEW);
    }
    throw serverErrors.documentTooLarge({ data: { bytes, structs, clients } });
  }

  /** Part of what was received waits for other updates. */
  get #waits(): boolean {
    const { pendingStructs, pendingDs } = this.doc.store;
    return pendingStructs !== null || pendingDs !== null;
  }

  /** What waits would be lost: its place is in the old generation. */
  #mayRotate(): boolean {
    return !this.#waits && isOutgrown(this.doc, this.kind, this.bytes, this.#parts.limits);
  }

  /** The content becomes the first state of a new generation. Nobody is let in until it has. */
  async #rotate(when: 'full' | 'idle'): Promise<void> {
    const kind = this.kind;
    if (kind === 'review' || !this.isOpen || this.#rotating) return;
    this.#rotating = true;
    this.#step({ kind: 'wrote' });
    try {
      await this.#parts.onRotate(this.name, async (follower) => {
        const isWanted = (): boolean => this.isOpen && (when === 'full' || this.#state.users === 0);
        if (isWanted()) await this.#beginAnew(kind, follower, isWanted);
      });
    } catch {
      this.#staysOld = true; // until it is loaded the next time, or is full
    } finally {
      this.#rotating = false;
      this.#settled();
    }
  }

  async #beginAnew(kind: 'text' | 'project', follower: Follower, isWanted: () => boolean): Promise<void> {
    const { shared, store } = this.#parts;
    const taken = await shared?.take(this.name, ANEW, isWanted); // no other server that answers has it in memory now
    try {
      if (!isWanted()) return; // another server was first, or somebody came
      for (const peer of [...this.peers]) peer.close(CloseCode.resync, ANEW);
      this.#step({ kind: 'close' });
      await this.durable;
      await shared?.catchUp.look();
      if (this.#waits) return; // it came meanwhile
      const { state, stretches } = nextGeneration(this.doc, kind, (text) => follower.authored(text));
      const together = new Together();
      if (kind === 'text') follower.follow(this.doc.getText(TEXT_ROOT), stretches, together);
      void this.#log.rotate(state, together);
      await together.commit(store);
    } finally {
      await taken?.release();
    }
  }

  #unloadWhenIdle(): void {
    if (this.phase !== 'idle' || this.#idleTimer !== null) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = null;
      if (this.phase !== 'idle') return;
      if (!this.#staysOld && this.#mayRotate()) void this.#rotate('idle');
      else if (this.#log.isLong) this.#log.compact();
      else this.#step({ kind: 'expired' });
    }, this.#parts.limits.idleMs);
    this.#idleTimer.unref();
  }

  #step(event: RoomEvent): void {
    const before = this.#state.phase;
    this.#state = roomStep(this.#state, event);
    if (before === 'closed' || this.#state.phase !== 'closed') return;
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#link?.close();
    this.awareness.dispose();
    this.doc.destroy();
    this.#parts.onClosed();
    this.#resolveClosed();
  }
}
