import * as Y from 'yjs';
import { type AnnealError, toAnnealError } from '../../src/base/error.ts';
import { type CloseCode, type DocumentKind, documentKind, TEXT_ROOT } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import type { DocumentName } from '../store/write.ts';
import { type AwarenessPeer, RoomAwareness, type SaidPerson } from './awareness.ts';
import type { Fanout } from './fanout.ts';
import { updateFrame } from './frames.ts';
import type { Guest } from './guest.ts';
import type { SyncLimits } from './limits.ts';
import type { SyncMetrics } from './metrics.ts';
import { RoomLink } from './room-link.ts';
import { isOpen, newRoom, type RoomEvent, type RoomState, roomStep } from './room-state.ts';
import { hasGaps, type Scan, scanUpdate } from './scan-update.ts';
import type { Trial } from './trial.ts';

export type CloseCodeValue = (typeof CloseCode)[keyof typeof CloseCode];

/** A socket, as the room sees it. */
export interface RoomPeer extends AwarenessPeer {
  readonly guest: Guest;
  /** Ends the connection; the peer leaves the room at once. */
  close(code: CloseCodeValue, reason: string): void;
}

/**
 * Called for what came from a socket and was applied; `clients` are the Yjs clients that it is written as, `says`
 * tells who the socket's editor says it is.
 */
export type OnEdited = (
  name: DocumentName,
  guest: Guest,
  clients: Iterable<number>,
  says: () => SaidPerson | null,
) => void;

export interface RoomParts {
  readonly store: Store;
  readonly trial: Trial;
  readonly limits: SyncLimits;
  /** Called when somebody first writes into a text: the project's list must have it. */
  readonly onFirstText: (name: DocumentName) => void;
  readonly onEdited: OnEdited;
  readonly metrics: SyncMetrics;
  /** Where other servers write to the same database; `seen` is CatchUp's. */
  readonly shared: { readonly fanout: Fanout; readonly seen: () => number } | null;
  readonly onClosed: (room: Room) => void;
}

export interface Received {
  readonly durable: Promise<void>;
}

/** An update that refers to what the server does not have yet, and more of them than it keeps waiting. */
export class MissingParts extends Error {}

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
  #early: Uint8Array[] = [];
  #state: RoomState = newRoom;
  #resolveClosed: () => void = () => undefined;
  #idleTimer: NodeJS.Timeout | null = null;
  /** What Yjs emitted during the change that is being made. */
  #emitted: Uint8Array[] = [];
  #durable: Promise<void> = Promise.resolve();
  /** The document holds every row of its log up to this one. */
  #seq = 0;
  #logUpdates = 0;
  #logBytes = 0;
  #stateBytes = 0;
  #hasText = false;

  constructor(name: DocumentName, parts: RoomParts) {
    this.name = name;
    this.kind = documentKind(name.path);
    this.#parts = parts;
    this.#link = parts.shared === null ? null : new RoomLink(parts.shared.fanout, name);
    this.awareness = new RoomAwareness(this.peers, parts.limits.awarenessIntervalMs, (frame) =>
      this.#link?.say(frame),
    );
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

  /** All of the log up to this number is on disk. */
  get lsn(): number {
    return this.#parts.store.lsn;
  }

  /** Resolves when all that the document holds now is on disk. */
  get durable(): Promise<void> {
    return this.#durable;
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
   * and what `check` throws, which is asked right before it is applied.
   */
  receive(
    update: Uint8Array,
    from: RoomPeer,
    check: () => void = () => undefined,
  ): Received | Promise<Received> {
    const scanned = scanUpdate(update, this.kind);
    if (!scanned.ok) throw scanned.error;
    const scan = scanned.value;
    this.#checkPending(scan, update);
    if (scan.structs > 0) this.#checkSize(update); // what only deletes is the way out of a full document
    const { limits, trial } = this.#parts;
    const take = (): Received => {
      check();
      const tell = scan.carriageReturn ? null : from;
      const durable = this.#change(() => this.#apply(update, scan), tell, update);
      if (scan.structs > 0 || scan.deletes > 0)
        this.#parts.onEdited(this.name, from.guest, scan.ranges.keys(), () => this.awareness.saidBy(from));
      return { durable };
    };
    const parts = scan.structs + scan.deletes + scan.clients * 10;
    if (update.length <= limits.trialBytes && parts <= limits.trialParts) return take();
    return trial.run({ state: Y.encodeStateAsUpdate(this.doc), update }).then(take);
  }

  /** What a client with this state vector has not, as an update. */
  missingFrom(stateVector: Uint8Array): Uint8Array {
    return Y.encodeStateAsUpdate(this.doc, stateVector);
  }

  /** An edit by the server itself; resolves when it is on disk. */
  edit(change: (doc: Y.Doc) => void): Promise<void> {
    return this.#change(() => this.doc.transact(() => change(this.doc), 'server'), null);
  }

  /** What another server wrote, or is about to write: applied and told, and not written again. */
  adopt(updates: readonly Uint8Array[]): void {
    if (this.phase === 'closed') return;
    if (this.phase === 'loading') {
      this.#early.push(...updates);
      return;
    }
    for (const update of updates) {
      this.#emitted = [];
      Y.applyUpdate(this.doc, update, 'store');
      if (this.#emitted.length > 0) this.#stateBytes += update.length;
      this.#hasText ||= this.#emitted.length > 0;
      for (const frame of this.#emitted.map(updateFrame)) for (const peer of this.peers) peer.send(frame);
    }
    this.#emitted = [];
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
    const { snapshot, updates, seq } = await this.#parts.store.call('loadDocument', this.name);
    this.#seq = seq;
    if (snapshot !== null) Y.applyUpdate(this.doc, snapshot, 'store');
    for (const update of [...updates, ...this.#early]) Y.applyUpdate(this.doc, update, 'store');
    this.#early = [];
    this.#logUpdates = updates.length;
    this.#logBytes = updates.reduce((sum, update) => sum + update.length, 0);
    this.#stateBytes = (snapshot?.length ?? 0) + this.#logBytes;
    this.#hasText = this.doc.share.size > 0;
    this.doc.on('update', (update: Uint8Array) => this.#emitted.push(update));
    this.#step({ kind: 'loaded' });
  }

  #apply(update: Uint8Array, scan: Scan): void {
    const { doc } = this;
    if (!scan.carriageReturn) {
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
  #change(change: () => void, from: RoomPeer | null, raw?: Uint8Array): Promise<void> {
    if (!this.isOpen) return Promise.reject(serverErrors.storeFailed({ message: 'The room is closing' }));
    const { pendingStructs, pendingDs } = this.doc.store;
    this.#emitted = [];
    let failure: AnnealError | null = null;
    try {
      change();
    } catch (cause) {
      // What had taken effect before stays, here and everywhere.
      failure = toAnnealError(cause, serverErrors.malformedUpdate);
    }
    const changes = this.#emitted;
    this.#emitted = [];
    for (const update of changes) {
      const frame = updateFrame(update);
      this.#link?.say(frame);
      for (const peer of this.peers) if (peer !== from) peer.send(frame);
    }
    const { store } = this.doc;
    const waits = store.pendingStructs !== pendingStructs || store.pendingDs !== pendingDs;
    if (waits && raw !== undefined && (store.pendingStructs !== null || store.pendingDs !== null))
      changes.push(raw);
    const durable = this.#write(changes);
    return failure === null ? durable : Promise.reject(failure);
  }

  #write(updates: readonly Uint8Array[]): Promise<void> {
    if (updates.length === 0) return this.#durable;
    if (!this.#hasText && this.kind === 'text') {
      this.#hasText = true;
      this.#parts.onFirstText(this.name);
    }
    const { store, limits } = this.#parts;
    const before = this.#durable;
    this.#step({ kind: 'wrote' });
    const appended = Promise.all(updates.map((data) => store.write({ kind: 'append', ...this.name, data })));
    this.#durable = Promise.all([before, appended]).then(([, written]) => {
      // Among the rows before it may be another server's, which this one has not heard of yet.
      if (this.#parts.shared !== null) return;
      for (const { lsn } of written) this.#seq = Math.max(this.#seq, lsn);
    });
    this.#durable.then(
      () => this.#settled(),
      (error: AnnealError) => this.#storeFailed(error),
    );
    for (const { length } of updates) {
      this.#logUpdates++;
      this.#logBytes += length;
      this.#stateBytes += length;
    }
    const durable = this.#durable;
    if (this.#logUpdates > limits.logUpdates || this.#logBytes > limits.logBytes) this.#compact();
    return durable;
  }

  #settled(): void {
    this.#step({ kind: 'settled' });
    this.#unloadWhenIdle();
  }

  /** Nothing in memory may be trusted to be on disk any more: everybody reconnects and sends it again. */
  #storeFailed(error: AnnealError): void {
    this.#durable = Promise.resolve();
    this.#step({ kind: 'settled' });
    void this.shut(4500, error.message.slice(0, 100));
  }

  /** Rows that are on their way to the disk stay in the log beside a state that holds them too: that is harmless. */
  #compact(): void {
    const state = Y.encodeStateAsUpdate(this.doc);
    this.#logUpdates = 0;
    this.#logBytes = 0;
    this.#stateBytes = state.length;
    this.#step({ kind: 'wrote' });
    // A snapshot that fails costs nothing: the log is still there.
    const done = (): void => this.#settled();
    const upto = Math.max(this.#seq, this.#parts.shared?.seen() ?? 0);
    this.#parts.store.call('compact', { ...this.name, state, upto }).then(done, done);
  }

  #checkPending(scan: Scan, update: Uint8Array): void {
    const { store } = this.doc;
    const waiting = (store.pendingStructs?.update.length ?? 0) + (store.pendingDs?.length ?? 0);
    if (waiting + update.length <= this.#parts.limits.pendingBytes) return;
    const known = (client: number): number => Y.getState(store, client);
    if (hasGaps(scan, known)) throw new MissingParts('Parts that this update builds on are missing');
  }

  #checkSize(update: Uint8Array): void {
    const { documentBytes } = this.#parts.limits;
    if (this.#stateBytes + update.length <= documentBytes) return;
    this.#stateBytes = Y.encodeStateAsUpdate(this.doc).length;
    if (this.#stateBytes + update.length > documentBytes) {
      throw serverErrors.documentTooLarge({ data: { bytes: this.#stateBytes, limit: documentBytes } });
    }
  }

  #unloadWhenIdle(): void {
    if (this.phase !== 'idle' || this.#idleTimer !== null) return;
    this.#idleTimer = setTimeout(() => {
      this.#idleTimer = null;
      // A short log is left as it is: most rooms are opened and only read.
      if (this.phase !== 'idle') return;
      if (this.#logUpdates > 50) this.#compact();
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
    this.#parts.onClosed(this);
    this.#resolveClosed();
  }
}

/** So many are taken out one by one, which keeps the carets between them. */
const FEW_CARRIAGE_RETURNS = 200;

/**
 * CRLF and a lone CR both become one LF. Each deletion splits what was inserted, and with tens of thousands of
 * pieces Yjs takes minutes: many go at once, with the text between the first and the last, which is hardly
 * anything but what was just pasted.
 */
function removeCarriageReturns(text: Y.Text): void {
  const content = text.toString();
  const found = [...content.matchAll(/\r\n?/g)];
  const [first, last] = [found[0], found.at(-1)];
  if (first === undefined || last === undefined) return;
  if (found.length > FEW_CARRIAGE_RETURNS) {
    const part = content.slice(first.index, last.index + last[0].length);
    text.delete(first.index, part.length);
    text.insert(first.index, part.replace(/\r\n?/g, '\n'));
    return;
  }
  for (const { index, 0: ending } of found.reverse()) {
    text.delete(index, 1);
    if (ending === '\r') text.insert(index, '\n');
  }
}
