import type { WebSocket } from 'ws';
import * as Y from 'yjs';
import { AnnealError } from '../../src/base/error.ts';
import { CloseCode, MessageType, SYNC_SUBPROTOCOL, SyncMessageType } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { Cursor, MalformedBytes } from './cursor.ts';
import { awarenessFrame, step1Frame, step2Frame, storedFrame } from './frames.ts';
import type { SyncLimits } from './limits.ts';
import { type CloseCodeValue, MissingParts, type Received, type Room, type RoomPeer } from './room.ts';

/** So long a socket's frames are read in one go; then the others have their turn. */
const TURN_MS = 10;

/** One socket in one room: reads frames in order, never faster than its share, and says what is on disk. */
export class Connection implements RoomPeer {
  readonly #socket: WebSocket;
  readonly #room: Room;
  readonly #limits: SyncLimits;
  readonly #wantsStored: boolean;
  readonly #queue: Uint8Array[] = [];
  #busy = false;
  #left = false;
  /** Sync messages that carry changes: how many came, how many are on disk, how many were promised. */
  #received = 0;
  #stored = 0;
  #promised = 0;
  #lastSent = performance.now();
  #lastHeard = performance.now();
  #bytesLeft: number;
  #messagesLeft: number;
  #msLeft: number;
  #refilled = performance.now();

  /** The room must be loaded and retained; the connection releases it when it ends. */
  constructor(socket: WebSocket, room: Room, limits: SyncLimits) {
    this.#socket = socket;
    this.#room = room;
    this.#limits = limits;
    this.#wantsStored = socket.protocol === SYNC_SUBPROTOCOL;
    this.#bytesLeft = 2 * limits.bytesPerSecond;
    this.#messagesLeft = 2 * limits.messagesPerSecond;
    this.#msLeft = 2 * limits.msPerSecond;
    room.peers.add(this);
    this.send(step1Frame(Y.encodeStateVector(room.doc)));
  }

  send(frame: Uint8Array): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > this.#limits.bufferedBytes) {
      // It reads too slowly to keep up; cut off, it comes back and takes the difference at once.
      this.#socket.terminate();
      this.leave();
      return;
    }
    this.#lastSent = performance.now();
    this.#socket.send(frame, { binary: true });
  }

  close(code: CloseCodeValue, reason: string): void {
    this.#socket.resume();
    this.#socket.close(code, clip(reason));
    this.leave();
  }

  /** Takes the connection out of its room; further calls do nothing. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#queue.length = 0;
    this.#room.drop(this);
    this.#room.release();
  }

  heard(): void {
    this.#lastHeard = performance.now();
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
    if (now - this.#lastHeard > 2 * this.#limits.heartbeatMs) {
      this.#socket.terminate();
      return;
    }
    this.#socket.ping();
    if (now - this.#lastSent > this.#limits.heartbeatMs * 0.9) this.send(awarenessFrame([]));
  }

  receive(frame: Uint8Array): void {
    this.heard();
    if (this.#left) return;
    this.#queue.push(frame);
    if (!this.#busy) void this.#drain();
  }

  async #drain(): Promise<void> {
    this.#busy = true;
    let turn = performance.now();
    for (let frame = this.#queue.shift(); frame !== undefined; frame = this.#queue.shift()) {
      const wait = this.#throttle(frame.length);
      if (wait > 0 || performance.now() - turn > TURN_MS) {
        await this.#pausedFor(new Promise((resolve) => setTimeout(resolve, wait)));
        turn = performance.now();
        if (this.#left) break;
      }
      const began = performance.now();
      try {
        const work = this.#read(frame);
        this.#msLeft -= performance.now() - began;
        if (work !== null) await this.#pausedFor(work);
      } catch (error) {
        this.#refuse(error);
      }
      if (this.#left) break;
    }
    this.#busy = false;
  }

  /** Nothing more is read from the socket while the server is busy with what it sent. */
  async #pausedFor(work: Promise<unknown>): Promise<void> {
    this.#socket.pause();
    try {
      await work;
    } finally {
      this.#socket.resume();
    }
  }

  /** Milliseconds until the socket's share allows this frame. */
  #throttle(bytes: number): number {
    const { bytesPerSecond, messagesPerSecond, msPerSecond } = this.#limits;
    const now = performance.now();
    const seconds = (now - this.#refilled) / 1000;
    this.#refilled = now;
    this.#bytesLeft = Math.min(2 * bytesPerSecond, this.#bytesLeft + seconds * bytesPerSecond) - bytes;
    this.#messagesLeft =
      Math.min(2 * messagesPerSecond, this.#messagesLeft + seconds * messagesPerSecond) - 1;
    this.#msLeft = Math.min(2 * msPerSecond, this.#msLeft + seconds * msPerSecond);
    const debt = Math.max(
      -this.#bytesLeft / bytesPerSecond,
      -this.#messagesLeft / messagesPerSecond,
      -this.#msLeft / msPerSecond,
    );
    return debt > 0 ? debt * 1000 : 0;
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
        if (others !== null) this.send(others);
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
      this.#bytesLeft -= answer.length; // a short question can have a long answer
      this.send(answer);
      return null;
    }
    if (type !== SyncMessageType.step2 && type !== SyncMessageType.update) {
      throw new MalformedBytes('there is no sync message of this type');
    }
    this.#room.awareness.introduce(this);
    return this.#takeIn(payload);
  }

  #missingFrom(stateVector: Uint8Array): Uint8Array {
    const cursor = new Cursor(stateVector);
    const clients = cursor.varUint();
    for (let i = 0; i < clients * 2; i++) cursor.varUint();
    return Y.encodeStateAsUpdate(this.#room.doc, stateVector);
  }

  #takeIn(update: Uint8Array): Promise<void> | null {
    this.#received++;
    const count = this.#received;
    const acknowledge = ({ durable }: Received): void => {
      durable.then(
        () => this.#promise(count),
        (error: unknown) => this.#refuse(error),
      );
    };
    const received = this.#room.receive(update, this);
    if (received instanceof Promise) return received.then(acknowledge);
    acknowledge(received);
    return null;
  }

  /** Several updates of one commit are acknowledged with one frame. */
  #promise(count: number): void {
    this.#stored = count;
    if (!this.#wantsStored || this.#left) return;
    queueMicrotask(() => {
      if (this.#promised === this.#stored || this.#left) return;
      this.#promised = this.#stored;
      this.send(storedFrame(this.#stored));
    });
  }

  #refuse(error: unknown): void {
    if (this.#left) return;
    const message = error instanceof Error ? error.message : String(error);
    const code = error instanceof AnnealError ? error.code : null;
    if (error instanceof MalformedBytes) this.close(CloseCode.badRequest, message);
    else if (error instanceof MissingParts) this.close(CloseCode.resync, message);
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
