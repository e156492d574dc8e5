import { SyncMessageType } from '../../src/protocol/sync.ts';
import { RawSocket } from './raw-socket.ts';
import { type Position, STAMP_LENGTH, stampsIn, typedUpdate } from './updates.ts';
import { createWire, type EngineName, type Wire } from './wire.ts';

export interface ClientOptions {
  readonly engine: EngineName;
  readonly port: number;
  readonly from: string;
  readonly document: string;
  /** Its Yjs client id. */
  readonly id: number;
  /** What it brings: the document's first content; null for everybody but the first of a room. */
  readonly seed: Uint8Array | null;
  /** Where the first content ends. */
  readonly end: Position;
  /** A stamp came from another in the room. */
  readonly onHeard: (microseconds: number) => void;
  /** What was sent at this time has been acknowledged. */
  readonly onAcknowledged: (sent: number) => void;
  readonly onLost: (why: string) => void;
}

const NOTHING = Uint8Array.of(0, 0);

/** Somebody in a room, without a document of his own: the same few lines of work with either engine. */
export class Client {
  readonly joined: Promise<number>;
  readonly #options: ClientOptions;
  readonly #wire: Wire;
  readonly #socket: RawSocket;
  /** When each content frame was sent that is not acknowledged yet, in order. */
  readonly #unacknowledged: number[] = [];
  #acknowledged = 0;
  #clock = 0;
  #left = false;

  constructor(options: ClientOptions) {
    this.#options = options;
    this.#wire = createWire(options.engine, options.document);
    const started = performance.now();
    let joined: (ms: number) => void = () => undefined;
    this.joined = new Promise((resolve) => {
      joined = resolve;
    });
    const ears = {
      asked: () => this.#content(SyncMessageType.step2, options.seed ?? NOTHING),
      synced: () => joined(performance.now() - started),
      update: (frame: Uint8Array) => stampsIn(frame, options.onHeard),
      acknowledged: (count: number) => this.#settle(count),
    };
    const { path, protocol, hello } = this.#wire;
    this.#socket = new RawSocket({
      host: '127.0.0.1',
      port: options.port,
      from: options.from,
      path,
      protocol,
      onOpen: () => {
        for (const frame of hello) this.#socket.send(frame);
      },
      onMessage: (frame) => this.#wire.hear(frame, ears),
      onClose: (why) => {
        if (!this.#left) options.onLost(why);
      },
    });
  }

  get waiting(): number {
    return this.#unacknowledged.length;
  }

  /** Types one stamp; `now` is in milliseconds. */
  type(now: number): void {
    const { id, end } = this.#options;
    const after = this.#clock === 0 ? end : { client: id, clock: this.#clock - 1 };
    const update = typedUpdate({ client: id, clock: this.#clock }, after, Math.round(now * 1000));
    this.#clock += STAMP_LENGTH;
    this.#content(SyncMessageType.update, update);
  }

  leave(): void {
    this.#left = true;
    this.#socket.end();
  }

  #content(type: typeof SyncMessageType.step2 | typeof SyncMessageType.update, update: Uint8Array): void {
    this.#unacknowledged.push(performance.now());
    this.#socket.send(this.#wire.content(type, update));
  }

  #settle(count: number): void {
    for (; this.#acknowledged < count; this.#acknowledged++) {
      const sent = this.#unacknowledged.shift();
      if (sent !== undefined) this.#options.onAcknowledged(sent);
    }
  }
}
