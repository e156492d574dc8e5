import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates,
} from 'y-protocols/awareness';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';
import type { Role } from '../../domain/access/roles.ts';
import { ACK_SUBPROTOCOL, MessageType, SyncMessageType } from '../../protocol/sync.ts';

/**
 * The server's side of src/protocol/sync.ts for one document, in the page: what it receives is "on disk" when
 * a test says so. `socket` takes the place of WebSocket.
 */
export class FakeServer {
  doc = new Y.Doc();
  awareness = new Awareness(this.doc);
  /** One life of its log, and how far it goes. */
  epoch = 1;
  lsn = 1;
  /** What everybody may do; null where the server does not say. */
  role: Role | null = null;
  /** False: connections fail, as without a network. */
  reachable = true;
  /** Acknowledge at once, or when `store()` is called. */
  storesAtOnce = true;
  /** Every sync message received, by its kind. */
  readonly received: string[] = [];
  readonly #sockets = new Set<FakeSocket>();
  readonly socket: typeof WebSocket;

  constructor(seed?: Uint8Array) {
    if (seed !== undefined) Y.applyUpdate(this.doc, seed);
    this.#watch();
    const server = this;
    this.socket = class extends FakeSocket {
      constructor(url: string | URL, protocols?: string | string[]) {
        super(server, String(url), [protocols ?? []].flat());
      }
    } as unknown as typeof WebSocket;
    this.awareness.setLocalState(null);
  }

  /** Sets the server up anew, with another document. */
  replace(seed: Uint8Array): void {
    this.cut();
    this.epoch += 1;
    this.doc = new Y.Doc();
    Y.applyUpdate(this.doc, seed);
    this.awareness = new Awareness(this.doc);
    this.awareness.setLocalState(null);
    this.#watch();
  }

  get connections(): number {
    return this.#sockets.size;
  }

  /** Drops every connection, as a lost network does. */
  cut(): void {
    for (const socket of this.#sockets) socket.closeFromServer(1006, '');
  }

  close(code: number, reason: string): void {
    for (const socket of this.#sockets) socket.closeFromServer(code, reason);
  }

  store(): void {
    for (const socket of this.#sockets) socket.acknowledge();
  }

  /** @internal */
  attach(socket: FakeSocket): void {
    this.#sockets.add(socket);
  }

  /** @internal */
  detach(socket: FakeSocket): void {
    this.#sockets.delete(socket);
    if (socket.client !== null) removeAwarenessStates(this.awareness, [socket.client], socket);
  }

  #watch(): void {
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      const frame = encoding.createEncoder();
      encoding.writeVarUint(frame, MessageType.sync);
      sync.writeUpdate(frame, update);
      for (const socket of this.#sockets) if (socket !== origin) socket.deliver(encoding.toUint8Array(frame));
    });
    this.awareness.on(
      'update',
      ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>, origin: unknown) => {
        const frame = encoding.createEncoder();
        encoding.writeVarUint(frame, MessageType.awareness);
        encoding.writeVarUint8Array(
          frame,
          encodeAwarenessUpdate(this.awareness, [...added, ...updated, ...removed]),
        );
        for (const socket of this.#sockets)
          if (socket !== origin) socket.deliver(encoding.toUint8Array(frame));
      },
    );
  }
}

function roleFrame(role: Role): Uint8Array {
  return encoding.encode((encoder) => {
    encoding.writeVarUint(encoder, MessageType.role);
    encoding.writeVarString(encoder, role);
  });
}

class FakeSocket {
  static readonly CONNECTING = 0;
  static readonly OPEN = 1;
  static readonly CLOSING = 2;
  static readonly CLOSED = 3;
  readonly CONNECTING = 0;
  readonly OPEN = 1;
  readonly CLOSING = 2;
  readonly CLOSED = 3;
  readyState = 0;
  binaryType = 'arraybuffer';
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: ArrayBuffer }) => void) | null = null;
  onerror: ((event: Event) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  client: number | null = null;
  readonly #server: FakeServer;
  readonly url: string;
  readonly #acknowledges: boolean;
  #contentReceived = 0;

  constructor(server: FakeServer, url: string, protocols: readonly string[]) {
    this.#server = server;
    this.url = url;
    this.#acknowledges = protocols.includes(ACK_SUBPROTOCOL);
    queueMicrotask(() => {
      if (this.readyState !== 0) return;
      if (!server.reachable) return this.closeFromServer(1006, '');
      this.readyState = 1;
      server.attach(this);
      this.acknowledge(); // heard after the opening, and before what answers the client, as the server does it
      if (server.role !== null) this.deliver(roleFrame(server.role));
      this.onopen?.();
    });
  }

  deliver(frame: Uint8Array): void {
    const data = new Uint8Array(frame).buffer;
    queueMicrotask(() => this.readyState === 1 && this.onmessage?.({ data }));
  }

  acknowledge(): void {
    if (!this.#acknowledges) return;
    const frame = encoding.createEncoder();
    encoding.writeVarUint(frame, MessageType.durable);
    encoding.writeVarUint(frame, this.#server.epoch);
    encoding.writeVarUint(frame, this.#server.lsn);
    encoding.writeVarUint(frame, this.#contentReceived);
    this.deliver(encoding.toUint8Array(frame));
  }

  send(data: Uint8Array): void {
    if (this.readyState !== 1) throw new Error('The socket is not open.');
    const decoder = decoding.createDecoder(data);
    const type = decoding.readVarUint(decoder);
    if (type === MessageType.awareness) {
      const update = decoding.readVarUint8Array(decoder);
      this.client ??= decoding.readVarUint(decoding.createDecoder(update.subarray(1)));
      applyAwarenessUpdate(this.#server.awareness, update, this);
    }
    if (type !== MessageType.sync) return;
    const reply = encoding.createEncoder();
    encoding.writeVarUint(reply, MessageType.sync);
    const kind = sync.readSyncMessage(decoder, reply, this.#server.doc, this);
    this.#server.received.push(['step 1', 'step 2', 'update'][kind] ?? '?');
    if (kind === SyncMessageType.step1) {
      this.deliver(encoding.toUint8Array(reply));
      const ask = encoding.createEncoder();
      encoding.writeVarUint(ask, MessageType.sync);
      sync.writeSyncStep1(ask, this.#server.doc);
      this.deliver(encoding.toUint8Array(ask));
    } else {
      this.#contentReceived += 1;
      this.#server.lsn += 1;
      if (this.#server.storesAtOnce) this.acknowledge();
    }
  }

  close(): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#server.detach(this);
  }

  closeFromServer(code: number, reason: string): void {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.#server.detach(this);
    this.onclose?.({ code, reason });
  }
}
