import type { WebSocket } from 'ws';
import type { ConnectionParts } from './connection-parts.ts';
import { awarenessFrame, headOnWire, onWire, step2Frame, step2Head } from './frames.ts';

/** Who does not take the answers to its pings gets no more of them. */
const MAX_PONG_BUFFER = 64 * 1024;
/** A copy of what is longer takes longer than another write. */
const LONG_BYTES = 64 * 1024;
/** So long a socket has to answer when it is asked whether it lives. */
const PROBE_MS = 2_000;

/** What goes out on one socket, and whether anybody is still at its other end. */
export class Outlet {
  readonly #socket: WebSocket;
  readonly #parts: ConnectionParts;
  /** Called where it was cut off, as it reads too slowly. */
  readonly #onCut: () => void;
  /** The length of the last answer to a step 1, which may be a whole document, until most of it has been taken. */
  #answered = 0;
  #lastSent = performance.now();
  #lastHeard = performance.now();

  constructor(socket: WebSocket, parts: ConnectionParts, onCut: () => void) {
    this.#socket = socket;
    this.#parts = parts;
    this.#onCut = onCut;
  }

  send(frame: Uint8Array): void {
    if (!this.#mayWrite(frame.length)) return;
    const { stream } = this.#parts;
    if (stream === undefined) this.#socket.send(frame, { binary: true });
    else stream.write(onWire(frame));
  }

  /** What the other side has not. A whole document goes out as it is, and may wait for longer than anything else. */
  answer(update: Uint8Array): void {
    const { stream } = this.#parts;
    const head = step2Head(update.length);
    const length = head.length + update.length;
    if (stream === undefined || update.length < LONG_BYTES) this.send(step2Frame(update));
    else if (this.#mayWrite(length)) {
      this.together(() => {
        for (const part of [headOnWire(length), head, update]) stream.write(part);
      });
    }
    this.#answered = Math.max(this.#answered, length);
  }

  /** False where the socket is over, and where it has to be, as it reads too slowly. */
  #mayWrite(bytes: number): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return false;
    const waiting = this.#socket.bufferedAmount;
    const { bufferedBytes } = this.#parts.limits;
    if (waiting <= bufferedBytes) this.#answered = 0;
    if (waiting > bufferedBytes + this.#answered) {
      // It reads too slowly to keep up; cut off, it comes back and takes the difference at once.
      this.#parts.metrics.slow();
      this.#socket.terminate();
      this.#onCut();
      return false;
    }
    this.#lastSent = performance.now();
    this.#parts.metrics.sent(bytes);
    return true;
  }

  /** All that `write` sends is one packet. */
  together(write: () => void): void {
    const { stream } = this.#parts;
    stream?.cork();
    write();
    stream?.uncork();
  }

  heard(): void {
    this.#lastHeard = performance.now();
  }

  pong(data: Buffer): void {
    if (this.#socket.bufferedAmount < MAX_PONG_BUFFER) this.#socket.pong(data);
  }

  /** Another socket says that it is the same editor: if this one is dead, find out soon. */
  probe(): void {
    const asked = performance.now();
    this.#socket.ping();
    const timer = setTimeout(() => {
      if (this.#lastHeard < asked) this.#socket.terminate();
    }, PROBE_MS);
    timer.unref();
  }

  /** y-websocket gives up on a server that sends nothing for 30 s; a dead line is noticed by its missing pong. */
  heartbeat(now: number): void {
    const { heartbeatMs } = this.#parts.limits;
    if (now - this.#lastHeard > 2 * heartbeatMs) {
      this.#socket.terminate();
      return;
    }
    this.#socket.ping();
    if (now - this.#lastSent > heartbeatMs * 0.9) this.send(awarenessFrame([]));
  }
}
