import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { Turns, Worker } from './turns.ts';

/** Of what has come so much is read in one turn; a frame that ends in it is unmasked and put together in one go. */
const PART_BYTES = 16 * 1024;
/** What people type is less, and takes no longer to read than to put in line; what is done with it has its turn. */
const SMALL_BYTES = 2 * 1024;

export interface SluiceParts {
  readonly socket: Pick<WebSocket, 'isPaused' | 'resume'>;
  /** What the socket reads from. */
  readonly stream: Duplex;
  readonly turns: Turns;
  /** The socket pays for what reading it takes. */
  readonly spend: (use: { readonly ms: number }) => void;
  /** Something has come: over a slow line the end of a frame, and a pong behind it, may be minutes away. */
  readonly heard: () => void;
}

/**
 * What several sockets send as fast as they can is megabytes between two turns of the event loop, and ws unmasks it and
 * cuts it into frames as soon as the system hands it out: that alone held everybody up for longer than all that
 * is done with the frames. Here it waits for its turn like any other work, and nothing more is taken from the
 * system meanwhile.
 */
export class Sluice implements Worker {
  readonly #parts: SluiceParts;
  readonly #readers: readonly ((part: Uint8Array) => void)[];
  readonly #held: Buffer[] = [];

  /** To be made as soon as ws listens, before anything has come. */
  constructor(parts: SluiceParts) {
    this.#parts = parts;
    const { stream, turns } = parts;
    const readers = stream.listeners('data');
    stream.removeAllListeners('data');
    this.#readers = readers.map((reader) => (part) => Reflect.apply(reader, stream, [part]));
    stream.on('data', (chunk: Buffer) => this.#take(chunk));
    // Its frames may be read on before what is held here has been: the next piece waits with the system all the same.
    stream.on('resume', () => {
      if (this.#held.length > 0) stream.pause();
    });
    // ws hears of the end after all that came before it.
    stream.prependListener('end', () => {
      while (this.#held.length > 0) this.#readPart();
    });
    stream.prependListener('close', () => {
      this.#held.length = 0;
      turns.cancel(this);
    });
  }

  turn(): boolean {
    if (this.#held.length === 0) return false;
    const began = performance.now();
    this.#readPart();
    this.#parts.spend({ ms: performance.now() - began });
    if (this.#held.length > 0) return true;
    this.#readOn();
    return false;
  }

  /** Also where ws has stopped it: of a frame that it refused the rest is to be read, and thrown away. */
  #readOn(): void {
    const { socket, stream } = this.#parts;
    if (stream.isPaused() && !socket.isPaused) socket.resume();
  }

  #take(chunk: Buffer): void {
    this.#parts.heard();
    if (this.#held.length === 0 && chunk.length <= SMALL_BYTES) {
      for (const read of this.#readers) read(chunk);
      this.#readOn();
      return;
    }
    this.#held.push(chunk);
    this.#parts.turns.request(this);
    if (this.#held.length === 0) return;
    this.#parts.stream.pause();
  }

  #readPart(): void {
    const first = this.#held[0];
    if (first === undefined) return;
    if (first.length > PART_BYTES) this.#held[0] = first.subarray(PART_BYTES);
    else this.#held.shift();
    const part = first.subarray(0, PART_BYTES);
    for (const read of this.#readers) read(part);
  }
}
