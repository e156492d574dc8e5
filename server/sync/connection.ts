import type { WebSocket } from 'ws';
import * as Y from 'yjs';
import { ACK_SUBPROTOCOL, CloseCode } from '../../src/protocol/sync.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { Backlog } from './backlog.ts';
import type { CloseCodeValue } from './close-code.ts';
import type { ConnectionParts } from './connection-parts.ts';
import { FrameReader } from './frame-reader.ts';
import { durableFrame, roleFrame, step1Frame } from './frames.ts';
import type { Guest } from './guest.ts';
import { Inlet } from './inlet.ts';
import { Outlet } from './outlet.ts';
import { clip, refusalOf } from './refusal.ts';
import type { Room } from './room.ts';
import type { RoomPeer } from './room-parts.ts';

/** One socket in one room: reads frames in order, never faster than its share, and says what is on disk. */
export class Connection implements RoomPeer {
  readonly guest: Guest;
  readonly #socket: WebSocket;
  readonly #room: Room;
  readonly #parts: ConnectionParts;
  readonly #outlet: Outlet;
  readonly #inlet: Inlet;
  readonly #reader: FrameReader;
  readonly #acknowledgements: Acknowledgements;
  readonly #acknowledges: boolean;
  readonly #stopListening: () => void;
  #left = false;
  /** Called when all that has come is on disk and promised; null while more is read. */
  #finished: (() => void) | null = null;

  /** The room must be loaded and retained; the connection releases it when it ends. */
  constructor(socket: WebSocket, room: Room, parts: ConnectionParts) {
    this.#socket = socket;
    this.#room = room;
    this.#parts = parts;
    this.guest = parts.guest;
    this.#acknowledges = socket.protocol === ACK_SUBPROTOCOL;
    const own = new Backlog(parts.limits.unwrittenBytes);
    // Its own, and that of all sockets of its address.
    const backlogs = parts.backlog === undefined ? [own] : [own, parts.backlog];
    this.#outlet = new Outlet(socket, parts, () => this.leave());
    this.#acknowledgements = new Acknowledgements(backlogs, {
      stored: (count) => this.#stored(count),
      failed: (error) => this.#refuse(error),
    });
    this.#inlet = new Inlet(socket, parts, backlogs, {
      read: (frame) => this.#reader.read(frame),
      refuse: (error) => this.#refuse(error),
      done: () => this.#lookFinished(),
    });
    this.#reader = new FrameReader({
      peer: this,
      room,
      acknowledgements: this.#acknowledgements,
      outlet: this.#outlet,
      inlet: this.#inlet,
      answerMs: parts.limits.answerMs,
    });
    room.peers.add(this);
    const listening = this.guest.onChange(() => this.#roleChanged());
    this.#stopListening = () => listening.dispose();
    this.#outlet.together(() => this.#greet());
    if (this.guest.role() === null) this.#roleChanged();
  }

  get address(): object {
    return this.#parts.shares.at(-1) ?? this;
  }

  spend(use: { readonly ms?: number; readonly bytes?: number }): void {
    this.#inlet.spend(use);
  }

  send(frame: Uint8Array): void {
    this.#outlet.send(frame);
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
    this.#inlet.begin();
  }

  /** Reads nothing more; resolves when all that has come is on disk and has been promised. */
  finish(): Promise<void> {
    return new Promise((resolve) => {
      this.#finished = resolve;
      this.#inlet.shut();
      this.#lookFinished();
    });
  }

  /** Takes the connection out of its room; further calls do nothing. */
  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#inlet.stop();
    this.#reader.stop();
    this.#acknowledgements.stop();
    this.#stopListening();
    this.#room.drop(this);
    this.#room.release();
    this.#lookFinished();
  }

  heard(): void {
    this.#outlet.heard();
  }

  /** Answered here and not by ws, which would answer any number of them. */
  pinged(data: Buffer): void {
    this.#outlet.heard();
    if (this.#left) return;
    this.#inlet.pinged(data.length);
    this.#outlet.pong(data);
  }

  probe(): void {
    this.#outlet.probe();
  }

  heartbeat(now: number): void {
    if (this.#inlet.isPaused) this.#outlet.heard(); // it may have answered: nobody reads it
    this.#outlet.heartbeat(now);
  }

  receive(frame: Uint8Array): void {
    this.#outlet.heard();
    if (!this.#left) this.#inlet.take(frame);
  }

  #greet(): void {
    const role = this.guest.role();
    if (this.#acknowledges && role !== null) {
      this.send(durableFrame(this.#room.epoch, this.#room.lsn, 0));
      this.send(roleFrame(role));
    }
    this.send(step1Frame(Y.encodeStateVector(this.#room.doc)));
  }

  #stored(count: number): void {
    if (this.#acknowledges) this.send(durableFrame(this.#room.epoch, this.#room.lsn, count));
    this.#lookFinished();
  }

  #lookFinished(): void {
    if (this.#left || (this.#inlet.isEmpty && this.#acknowledgements.isEven)) this.#finished?.();
  }

  #roleChanged(): void {
    if (this.#left) return;
    const role = this.guest.role();
    if (role === null) {
      this.close(CloseCode.projectNotFound, 'There is no such project');
      return;
    }
    if (this.#acknowledges) this.send(roleFrame(role));
    this.#room.awareness.renamed(this);
  }

  #refuse(error: unknown): void {
    if (this.#left) return;
    const { code, reason } = refusalOf(error);
    this.close(code, reason);
  }
}
