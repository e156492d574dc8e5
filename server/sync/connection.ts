import type { Writable } from 'node:stream';
import type { WebSocket } from 'ws';
import * as Y from 'yjs';
import { AnnealError } from '../../src/base/error.ts';
import { can, type Role } from '../../src/domain/access/roles.ts';
import { ACK_SUBPROTOCOL, CloseCode, MessageType, SyncMessageType } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { Backlog } from './backlog.ts';
import type { CloseCodeValue } from './close-code.ts';
import { Cursor, MalformedBytes } from './cursor.ts';
import { awarenessFrame, durableFrame, onWire, roleFrame, step1Frame, step2Frame } from './frames.ts';
import type { Guest } from './guest.ts';
import type { SyncLimits } from './limits.ts';
import type { SyncMetrics } from './metrics.ts';
import { bringsNothing } from './nothing-new.ts';
import type { Received, Room } from './room.ts';
import type { RoomPeer } from './room-parts.ts';
import type { Share } from './share.ts';
import type { Turns, Worker } from './turns.ts';
import { MissingParts } from './update-checks.ts';

export interface ConnectionParts {
  /**
   * What the socket writes to. Most of what is sent is sent to many: it is framed once, and not for each. Without
   * it, the socket frames for itself.
   */
  readonly stream?: Writable;
  readonly guest: Guest;
  readonly limits: SyncLimits;
  readonly turns: Turns;
  /** The socket's own, and that of all sockets of its address. */
  readonly shares: readonly Share[];
  /** Of all sockets of its address. */
  readonly backlog?: Backlog;
  readonly metrics: SyncMetrics;
}

/** More clients than any document has (limits.ts): no editor asks like this. */
const MAX_VECTOR_CLIENTS = 20_000;

/** Who does not take the answers to its pings gets no more of them. */
const MAX_PONG_BUFFER = 64 * 1024;

/** What an update costs beyond its bytes while it is on its way to the disk: promises, a place in the commit. */
const EACH_BYTES = 1024;

/** What only an editor may send came from somebody else. */
class Forbidden extends Error {}

/** One socket in one room: reads frames in order, never faster than its share, and says what is on disk. */
export class Connection implements RoomPeer, Worker {
  readonly guest: Guest;
  readonly #socket: WebSocket;
  readonly #room: Room;
  readonly #parts: ConnectionParts;
  /** Its own, and that of all sockets of its address. */
  readonly #backlogs: readonly Backlog[];
  readonly #acknowledges: boolean;
  readonly #queue: Uint8Array[] = [];
  #queuedBytes = 0;
  #paused = false;
  /** A frame is being worked on elsewhere, or it is not this socket's time yet. */
  #waits = false;
  /** The frame at the head of the queue has been charged. */
  #charged = false;
  #left = false;
  /** Called when all that has come is on disk and promised; null while more is read. */
  #finished: (() => void) | null = null;
  /** Content frames: how many came, how many are on disk, how many were promised. */
  #received = 0;
  #stored = 0;
  #promised = 0;
  /** What waits for the commit that was begun last; null when it is over. */
  #unwritten: { readonly durable: Promise<void>; count: number; bytes: number } | null = null;
  #promises = false;
  /** The length of the last answer to a step 1, which may be a whole document, until most of it has been taken. */
  #answered = 0;
  #lastSent = performance.now();
  #lastHeard = performance.now();
  readonly #stopListening: () => void;

  /** The room must be loaded and retained; the connection releases it when it ends. */
  constructor(socket: WebSocket, room: Room, parts: ConnectionParts) {
    this.#socket = socket;
    this.#room = room;
    this.#parts = parts;
    const own = new Backlog(parts.limits.unwrittenBytes);
    this.#backlogs = parts.backlog === undefined ? [own] : [own, parts.backlog];
    this.guest = parts.guest;
    this.#acknowledges = socket.protocol === ACK_SUBPROTOCOL;
    room.peers.add(this);
    const listening = this.guest.onChange(() => this.#roleChanged());
    this.#stopListening = () => listening.dispose();
    const role = this.guest.role();
    const { stream } = parts;
    stream?.cork(); // all of it is one packet
    if (this.#acknowledges && role !== null) {
      this.send(durableFrame(room.epoch, room.lsn, 0));
      this.send(roleFrame(role));
    }
    this.send(step1Frame(Y.encodeStateVector(room.doc)));
    stream?.uncork();
    if (role === null) this.#roleChanged();
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    const waiting = this.#socket.bufferedAmount;
    const { bufferedBytes } = this.#parts.limits;
    if (waiting <= bufferedBytes) this.#answered = 0;
    if (waiting > bufferedBytes + this.#answered) {
      // It reads too slowly to keep up; cut off, it comes back and takes the difference at once.
      this.#parts.metrics.slow();
      this.#socket.terminate();
      this.leave();
      return;
    }
    this.#lastSent = performance.now();
    this.#parts.metrics.sent(frame.length);
    const { stream } = this.#parts;
    if (stream === undefined) this.#socket.send(frame, { binary: true });
    else stream.write(onWire(frame));
  }

  close(code: CloseCodeValue, reason: string): void {
    this.#parts.metrics.closed(code);
    this.guest.onSentAway?.(code);
    this.#socket.resume();
    this.#socket.close(code, clip(reason));
    this.leave();
  }

  /** The socket was paused until its document was there. */
  begin(): void {
    this.#socket.resume();
    this.#paused = false;
    this.#flow();
  }

  /** Reads nothing more; resolves when all that has come is on disk and has been promised. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.#flow();
      this.#lookFinished();
    });
  }

  /** Takes the connection out of its room; further calls do nothing. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#queue.length = 0;
    this.#parts.turns.cancel(this);
    for (const backlog of this.#backlogs) backlog.forget(this.#whenFree);
    this.#stopListening();
    this.#room.drop(this);
    this.#room.release();
    this.#lookFinished();
  }

  heard(): void {
    this.#lastHeard = performance.now();
  }

  /** Answered here and not by ws, which would answer any number of them. */
  pinged(data: Buffer): void {
    this.heard();
    if (this.#left) return;
    const wait = this.#parts.shares[0]?.take(data.length) ?? 0; // pings that have come are work that is done
    if (wait > 0 && !this.#waits) this.#waitFor(new Promise((resolve) => setTimeout(resolve, wait)));
    if (this.#socket.bufferedAmount < MAX_PONG_BUFFER) this.#socket.pong(data);
  }

  /** Another socket says that it is the same editor: if this one is dead, find out soon. */
  probe(): void {
    const asked = performance.now();
    this.#socket.ping();
    const timer = setTimeout(() => {
      if (this.#lastHeard < asked) this.#socket.terminate();
    }, 2_000);
    timer.unref();
  }

  /** y-websocket gives up on a server that sends nothing for 30 s; a dead line is noticed by its missing pong. */
  heartbeat(now: number): void {
    const { heartbeatMs } = this.#parts.limits;
    if (this.#isBacklogged()) this.#lastHeard = now; // it may have answered: nobody reads it
    if (now - this.#lastHeard > 2 * heartbeatMs) {
      this.#socket.terminate();
      return;
    }
    this.#socket.ping();
    if (now - this.#lastSent > heartbeatMs * 0.9) this.send(awarenessFrame([]));
  }

  receive(frame: Uint8Array): void {
    this.heard();
    if (this.#left) return;
    this.#queue.push(frame);
    this.#queuedBytes += frame.length;
    this.#parts.metrics.received(frame.length);
    this.#flow();
    if (!this.#waits) this.#parts.turns.request(this);
  }

  turn(): boolean {
    const frame = this.#queue[0];
    if (frame === undefined || this.#waits || this.#left || this.#isBacklogged()) return false;
    if (!this.#charged) {
      this.#charged = true;
      const wait = Math.max(...this.#parts.shares.map((share) => share.take(frame.length)));
      if (wait > 0) {
        this.#parts.metrics.throttled();
        this.#waitFor(new Promise((resolve) => setTimeout(resolve, wait)));
        return false;
      }
    }
    this.#queue.shift();
    this.#queuedBytes -= frame.length;
    this.#charged = false;
    this.#flow();
    const began = performance.now();
    try {
      const work = this.#read(frame);
      if (work !== null) this.#waitFor(work);
    } catch (error) {
      this.#refuse(error);
    }
    this.#spend({ ms: performance.now() - began });
    this.#lookFinished();
    return !this.#waits && !this.#left && this.#queue.length > 0;
  }

  /** Nothing more of this socket is read meanwhile. */
  #waitFor(work: Promise<unknown>): void {
    this.#waits = true;
    this.#flow();
    work
      .catch((error: unknown) => this.#refuse(error))
      .finally(() => {
        this.#waits = false;
        if (this.#left) return;
        this.#flow();
        this.#lookFinished();
        this.#parts.turns.request(this);
      });
  }

  /** What one sends while its frames wait stays with the system, and at last with the sender. */
  #flow(): void {
    if (this.#left) return;
    const { queuedBytes, queuedFrames } = this.#parts.limits;
    const full =
      this.#finished !== null ||
      this.#waits ||
      this.#isBacklogged() ||
      this.#queuedBytes > queuedBytes ||
      this.#queue.length > queuedFrames;
    if (full === this.#paused) return;
    this.#paused = full;
    if (full) this.#socket.pause();
    else this.#socket.resume();
  }

  /** The disk does not keep up: what is on its way to it is in memory. */
  #isBacklogged(): boolean {
    for (const backlog of this.#backlogs) {
      if (!backlog.isFull) continue;
      backlog.whenFree(this.#whenFree);
      return true;
    }
    return false;
  }

  readonly #whenFree = (): void => {
    if (this.#left) return;
    this.#flow();
    this.#parts.turns.request(this);
  };

  #spend(use: { readonly ms?: number; readonly bytes?: number }): void {
    for (const share of this.#parts.shares) share.spend(use);
  }

  #read(frame: Uint8Array): Promise<void> | null {
    const cursor = new Cursor(frame);
    switch (cursor.varUint()) {
      case MessageType.sync:
        return this.#readSync(cursor);
      case MessageType.awareness:
        this.#room.awareness.receive(this, cursor.varBytes());
        this.#room.awareness.introduce(this);
        return null;
      case MessageType.queryAwareness: {
        const others = this.#room.awareness.everybody(this);
        if (others === null) return null;
        this.#spend({ bytes: others.length });
        this.send(others);
        return null;
      }
      case MessageType.auth:
        return null;
      default:
        throw new MalformedBytes('there is no message of this type');
    }
  }

  #readSync(cursor: Cursor): Promise<void> | null {
    const type = cursor.varUint();
    const payload = cursor.varBytes();
    if (type === SyncMessageType.step1) {
      const answer = step2Frame(this.#missingFrom(payload));
      this.#spend({ bytes: answer.length }); // a short question can have a long answer
      this.send(answer);
      this.#answered = Math.max(this.#answered, answer.length);
      return null;
    }
    if (type !== SyncMessageType.step2 && type !== SyncMessageType.update) {
      throw new MalformedBytes('there is no sync message of this type');
    }
    this.#room.awareness.introduce(this);
    return this.#takeIn(payload, type === SyncMessageType.step2);
  }

  #missingFrom(stateVector: Uint8Array): Uint8Array {
    const cursor = new Cursor(stateVector);
    const clients = cursor.varUint();
    if (clients > MAX_VECTOR_CLIENTS) throw new MalformedBytes('a state vector with too many clients');
    for (let i = 0; i < clients; i++) {
      if (this.#room.isRetired(cursor.varUint())) throw serverErrors.rotatedUpdate();
      cursor.varUint();
    }
    return this.#room.missingFrom(stateVector);
  }

  #mayEdit(): boolean {
    return this.#room.kind !== 'review' && can(this.guest.role(), 'document.edit');
  }

  #takeIn(update: Uint8Array, isAnswer: boolean): Promise<void> | null {
    this.#received++;
    const count = this.#received;
    const acknowledge = ({ durable }: Received): void => this.#wait(durable, count, update.length);
    if (!this.#mayEdit()) {
      if (!bringsNothing(update, this.#room.kind, this.#room.doc)) throw new Forbidden();
      acknowledge({ durable: this.#room.durable });
      return null;
    }
    const check = (): void => {
      // Who has gone was promised nothing: what is left of his update is not worth anybody's time.
      if (this.#left || !this.#mayEdit()) throw new Forbidden();
    };
    const received = this.#room.receive(update, this, check, isAnswer);
    if (received instanceof Promise) {
      const held = this.#hold(update.length); // while it is tried, behind those of others
      return received.then(acknowledge).finally(() => this.#letGo(held));
    }
    acknowledge(received);
    return null;
  }

  /** Several updates of one commit wait for it together, and are acknowledged with one frame. */
  #wait(durable: Promise<void>, count: number, bytes: number): void {
    const held = this.#hold(bytes);
    const before = this.#unwritten;
    if (before?.durable === durable) {
      before.count = count;
      before.bytes += held;
    } else {
      const unwritten = { durable, count, bytes: held };
      this.#unwritten = unwritten;
      const end = (): void => {
        if (this.#unwritten === unwritten) this.#unwritten = null;
        this.#letGo(unwritten.bytes);
      };
      durable.then(
        () => {
          end();
          this.#promise(unwritten.count);
        },
        (error: unknown) => {
          end();
          this.#refuse(error);
        },
      );
    }
    this.#flow();
  }

  /** Answers with what is to be let go of. */
  #hold(bytes: number): number {
    const held = bytes + EACH_BYTES;
    for (const backlog of this.#backlogs) backlog.add(held);
    return held;
  }

  #letGo(held: number): void {
    for (const backlog of this.#backlogs) backlog.takeOff(held);
  }

  #promise(count: number): void {
    // What came in portions hears of its commit a little later than what came after it.
    this.#stored = Math.max(this.#stored, count);
    if (this.#left || this.#promises) return;
    this.#promises = true;
    queueMicrotask(() => {
      this.#promises = false;
      if (this.#promised === this.#stored || this.#left) return;
      this.#promised = this.#stored;
      if (this.#acknowledges) this.send(durableFrame(this.#room.epoch, this.#room.lsn, this.#stored));
      this.#lookFinished();
    });
  }

  #lookFinished(): void {
    const isDone = this.#queue.length === 0 && !this.#waits && this.#promised === this.#received;
    if (this.#left || isDone) this.#finished?.();
  }

  #roleChanged(): void {
    if (this.#left) return;
    const role: Role | null = this.guest.role();
    if (role === null) {
      this.close(CloseCode.projectNotFound, 'There is no such project');
      return;
    }
    if (this.#acknowledges) this.send(roleFrame(role));
    this.#room.awareness.renamed(this);
  }

  #refuse(error: unknown): void {
    if (this.#left) return;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof AnnealError ? error.code : null;
    if (error instanceof Forbidden) this.close(CloseCode.forbidden, 'Your role does not allow to edit this');
    else if (error instanceof MalformedBytes) this.close(CloseCode.badRequest, message);
    else if (error instanceof MissingParts) this.close(CloseCode.resync, message);
    else if (code === serverErrors.documentReplaced.code) this.close(CloseCode.resync, message);
    else if (code === serverErrors.rotatedUpdate.code) this.close(CloseCode.rotated, message);
    else if (code === serverErrors.documentTooLarge.code) this.close(CloseCode.tooLarge, message);
    else if (code !== null && refusedUpdates.has(code)) this.close(CloseCode.refusedUpdate, message);
    else this.close(CloseCode.notStored, message);
  }
}

const { malformedUpdate, hostileUpdate, wrongContent } = serverErrors;
const refusedUpdates: ReadonlySet<string> = new Set([
  malformedUpdate.code,
  hostileUpdate.code,
  wrongContent.code,
]);

/** The reason of a close frame has at most 123 bytes. */
export function clip(reason: string): string {
  let text = reason.slice(0, 120);
  while (Buffer.byteLength(text) > 120) text = text.slice(0, -1);
  return text;
}
