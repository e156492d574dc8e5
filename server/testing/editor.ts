import * as decoding from 'lib0/decoding';
import * as encoding from 'lib0/encoding';
import { WebSocket } from 'ws';
import * as awarenessProtocol from 'y-protocols/awareness';
import * as sync from 'y-protocols/sync';
import * as Y from 'yjs';
import { ACK_SUBPROTOCOL, MessageType, SyncMessageType, TEXT_ROOT } from '../../src/protocol/sync.ts';

/** An editor's connection over a real socket, in the reference implementation of the protocols. */
export class Editor {
  readonly doc: Y.Doc;
  readonly awareness: awarenessProtocol.Awareness;
  readonly socket: WebSocket;
  /** Close code and reason, once it is closed. */
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Types of the messages that came, in order. */
  readonly messages: number[] = [];
  sent = 0;
  stored = 0;
  /** As message 100 said last; null before the first. */
  epoch: number | null = null;
  lsn = 0;
  /** As message 101 said last. */
  role: string | null = null;
  synced = false;
  #watchers = new Set<() => void>();

  constructor(
    url: string,
    address: string,
    { doc = new Y.Doc(), ask = true, headers = {}, protocols = [], hello, from }: EditorOptions = {},
  ) {
    this.doc = doc;
    this.awareness = new awarenessProtocol.Awareness(doc);
    this.awareness.setLocalState(null);
    this.socket = new WebSocket(
      `${url.replace(/^http/, 'ws')}${address}`,
      [...(ask ? [ACK_SUBPROTOCOL] : []), ...protocols],
      { headers, ...(from === undefined ? {} : { localAddress: from }) },
    );
    this.socket.binaryType = 'nodebuffer';
    this.socket.setMaxListeners(0);
    this.socket.on('error', () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
    });
    this.socket.on('open', () => {
      this.#send((encoder) => sync.writeSyncStep1(encoder, doc));
      if (hello !== undefined) this.sendAwareness(hello);
    });
    this.socket.on('message', (data: Buffer) => {
      this.#receive(data);
      for (const watcher of [...this.#watchers]) watcher();
    });
    doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== this) this.sendUpdate(update);
    });
    this.awareness.on(
      'update',
      ({ added, updated, removed }: Record<'added' | 'updated' | 'removed', number[]>) => {
        const clients = [...added, ...updated, ...removed];
        this.sendAwareness(awarenessProtocol.encodeAwarenessUpdate(this.awareness, clients));
      },
    );
  }

  get text(): Y.Text {
    return this.doc.getText(TEXT_ROOT);
  }

  sendUpdate(update: Uint8Array): void {
    if (this.socket.readyState !== WebSocket.OPEN || !this.synced) return;
    this.sent++;
    this.#send((encoder) => sync.writeUpdate(encoder, update));
  }

  /** What y-websocket does too: every change is sent, also those heard from others. */
  sendAwareness(payload: Uint8Array): void {
    if (this.socket.readyState !== WebSocket.OPEN) return;
    const frame = encoding.createEncoder();
    encoding.writeVarUint(frame, MessageType.awareness);
    encoding.writeVarUint8Array(frame, payload);
    this.socket.send(encoding.toUint8Array(frame));
  }

  sendRaw(...parts: (number | Uint8Array)[]): void {
    const frame = encoding.createEncoder();
    for (const part of parts) {
      if (typeof part === 'number') encoding.writeVarUint(frame, part);
      else encoding.writeVarUint8Array(frame, part);
    }
    this.socket.send(encoding.toUint8Array(frame));
  }

  /** Resolves when the condition holds, looked at after each message. */
  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      this.socket.once('close', (code, reason) => reject(new Error(`closed with ${code} ${reason}`)));
      look();
    });
  }

  untilSynced(): Promise<void> {
    return this.until(() => this.synced);
  }

  /** Everything that was sent is on the server's disk. */
  untilStored(): Promise<void> {
    return this.until(() => this.synced && this.sent > 0 && this.stored === this.sent);
  }

  untilText(text: string): Promise<void> {
    return this.until(() => this.text.toString() === text);
  }

  async leave(): Promise<void> {
    this.awareness.destroy();
    this.socket.close();
    await this.closed;
  }

  #receive(data: Buffer): void {
    const decoder = decoding.createDecoder(data);
    const type = decoding.readVarUint(decoder);
    this.messages.push(type);
    if (type === MessageType.durable) {
      this.epoch = decoding.readVarUint(decoder);
      this.lsn = decoding.readVarUint(decoder);
      this.stored = decoding.readVarUint(decoder);
    } else if (type === MessageType.role) {
      this.role = decoding.readVarString(decoder);
    } else if (type === MessageType.awareness) {
      awarenessProtocol.applyAwarenessUpdate(this.awareness, decoding.readVarUint8Array(decoder), this);
    } else if (type === MessageType.sync) {
      const reply = encoding.createEncoder();
      const kind = sync.readSyncMessage(decoder, reply, this.doc, this);
      if (kind === SyncMessageType.step1) {
        this.sent++;
        this.sendRawSync(encoding.toUint8Array(reply));
      }
      if (kind === SyncMessageType.step2) this.synced = true;
    }
  }

  sendRawSync(message: Uint8Array): void {
    this.socket.send(Buffer.concat([Uint8Array.of(MessageType.sync), message]));
  }

  #send(write: (encoder: encoding.Encoder) => void): void {
    const encoder = encoding.createEncoder();
    encoding.writeVarUint(encoder, MessageType.sync);
    write(encoder);
    this.socket.send(encoding.toUint8Array(encoder));
  }
}

export interface EditorOptions {
  readonly doc?: Y.Doc;
  /** Whether to ask for messages 100 and 101. */
  readonly ask?: boolean;
  /** The awareness that is sent as soon as the socket is open. */
  readonly hello?: Uint8Array;
  /** Further subprotocols, such as a ticket. */
  readonly protocols?: readonly string[];
  readonly headers?: Readonly<Record<string, string>>;
  /** The address that it comes from, of those that this machine has. */
  readonly from?: string | undefined;
}
