import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type ServerOptions, type WebSocket, WebSocketServer } from 'ws';
import { toAnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import {
  ACK_SUBPROTOCOL,
  CloseCode,
  KEY_SUBPROTOCOL_PREFIX,
  parseSyncPath,
  type SyncAddress,
  TICKET_SUBPROTOCOL_PREFIX,
} from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { refuseSocket } from '../http/refuse.ts';
import { Addresses } from './addresses.ts';
import type { Backlog } from './backlog.ts';
import { Connection } from './connection.ts';
import { type Greeter, isRefusal, localGuest, type Refusal } from './guest.ts';
import type { SyncLimits } from './limits.ts';
import { noMetrics, type SyncMetrics } from './metrics.ts';
import { clip } from './refusal.ts';
import type { Room } from './room.ts';
import type { Rooms } from './rooms.ts';
import { Share } from './share.ts';
import { Sluice } from './sluice.ts';

export type { Refusal };

/** Says why a document may not be opened; null where it may. */
export interface Doorkeeper {
  /** Asked first; it may make the document fit to be opened. */
  admit(address: SyncAddress): Promise<Refusal | null>;
  /** Asked again while the room is held: the file may have been moved or deleted meanwhile. */
  refusal(address: SyncAddress): Promise<Refusal | null>;
}

export interface SyncSocketsParts {
  readonly rooms: Rooms;
  readonly doorkeeper: Doorkeeper;
  readonly limits: SyncLimits;
  /** Who asks; by default everybody may do everything, as with sign-in off. */
  readonly greeter?: Greeter;
  readonly metrics?: SyncMetrics;
  /** Where a request comes from; behind a proxy that is not the socket's other end. */
  readonly ipOf?: (request: IncomingMessage) => string;
}

class TurnedAway extends Error {
  readonly refusal: Refusal;
  constructor(refusal: Refusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

/** Whoever was in a room within this time is renewed for the others. */
const RENEW_MS = 20_000;
/** The system's own buffer holds the rest: a socket is not read before its document has been loaded. */
const MAX_EARLY_FRAMES = 64;
/**
 * A frame may come in so many: a line cuts the longest into fewer than half. ws keeps a buffer for each, and puts
 * many more together in seconds, or minutes, of the server's one thread.
 */
const MAX_PIECES = 8192;
/** A beat is spread over its time, by so much at a time: thousands of pings at once would hold everybody up. */
const SLICE_MS = 500;
/** So long what has come may take to be written down when the server stops. */
const DRAIN_MS = 5_000;
/** So long a socket may take to say goodbye, and when the server stops. */
const GOODBYE_MS = 5_000;
const GRACE_MS = 1_000;

/** The sync sockets: from an upgrade that the guard has let pass to a connection in a room. */
export class SyncSockets {
  readonly #server: WebSocketServer;
  readonly #parts: Required<SyncSocketsParts>;
  /** With the slice of the heartbeat that each is in. */
  readonly #connections = new Map<Connection, number>();
  readonly #addresses: Addresses;
  readonly #heartbeat: NodeJS.Timeout;
  #draining = false;
  readonly #slices: number;
  #slice = 0;
  #entered = 0;

  constructor(parts: SyncSocketsParts) {
    this.#parts = {
      greeter: async () => localGuest,
      metrics: noMetrics,
      ipOf: (request) => request.socket.remoteAddress ?? '',
      ...parts,
    };
    const { limits } = parts;
    this.#addresses = new Addresses(limits);
    const options: ServerOptions & { readonly closeTimeout: number; readonly maxBufferedChunks: number } = {
      noServer: true,
      maxPayload: limits.messageBytes,
      perMessageDeflate: false,
      autoPong: false,
      closeTimeout: GOODBYE_MS, // its types do not know this one yet, nor the next
      maxBufferedChunks: MAX_PIECES,
      handleProtocols: chosenProtocol,
    };
    this.#server = new WebSocketServer(options);
    this.#server.on('wsClientError', (error, socket) =>
      refuseSocket(socket, protocolErrors.badRequest({ message: error.message })),
    );
    this.#slices = Math.max(1, Math.round(limits.heartbeatMs / SLICE_MS));
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs / this.#slices);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#connections.size;
  }

  /** False once nobody is let in any more. */
  get isOpen(): boolean {
    return !this.#draining;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    if (this.#draining) {
      refuseSocket(socket, protocolErrors.shuttingDown());
      return;
    }
    const { ipOf, limits } = this.#parts;
    const held = this.#addresses.enter(ipOf(request));
    // Before it is a WebSocket: one that is only to be closed would still take up room for a while.
    if (held === null || this.#server.clients.size >= limits.connections) {
      held?.release();
      refuseSocket(socket, protocolErrors.tooManyConnections());
      return;
    }
    socket.on('close', held.release); // a closure made here would keep the request for as long
    this.#server.handleUpgrade(request, socket, head, (accepted) => {
      void this.#accept(accepted, request, held);
    });
  }

  /** From now on nobody is let in. */
  drain(): void {
    this.#draining = true;
  }

  /** What has come is written down and acknowledged; then everybody is sent away, to come back later. */
  async close(): Promise<void> {
    this.drain();
    clearInterval(this.#heartbeat);
    const finished = Promise.all([...this.#connections.keys()].map((connection) => connection.finish()));
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise((resolve) => {
      timer = setTimeout(resolve, DRAIN_MS);
    });
    await Promise.race([finished, enough]);
    clearTimeout(timer);
    this.#addresses.dispose();
    for (const socket of this.#server.clients) {
      socket.resume(); // so that the other side's goodbye is heard
      socket.close(CloseCode.restart, 'The server stops');
    }
    const grace = setTimeout(() => {
      for (const socket of this.#server.clients) socket.terminate();
    }, GRACE_MS);
    await new Promise((resolve) => this.#server.close(resolve));
    clearTimeout(grace);
  }

  async #accept(
    socket: WebSocket,
    request: IncomingMessage,
    ofAddress: { readonly share: Share; readonly backlog: Backlog },
  ): Promise<void> {
    const { limits, metrics, rooms } = this.#parts;
    const { turns } = rooms;
    const stream = request.socket;
    const shares = [new Share(limits), ofAddress.share];
    const spend = (use: { readonly ms: number }): void => {
      for (const share of shares) share.spend(use);
    };
    const early: Uint8Array[] = [];
    let connection: Connection | null = null;
    let gone = false;
    new Sluice({ socket, stream, turns, spend, heard: () => connection?.heard() });
    const refuse = ({ code, reason }: Refusal): void => {
      metrics.closed(code);
      early.length = 0;
      socket.close(code, clip(reason));
    };
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (socket.readyState !== socket.OPEN) return;
      if (!isBinary || !Buffer.isBuffer(data))
        refuse({ code: CloseCode.badRequest, reason: 'Frames are binary' });
      else if (connection !== null) connection.receive(data);
      else if (early.length < MAX_EARLY_FRAMES) early.push(data);
      else refuse({ code: CloseCode.flood, reason: 'Wait for the document before you send more' });
    });
    socket.on('pong', () => connection?.heard());
    socket.on('ping', (data) => connection?.pinged(data));
    socket.on('error', () => undefined); // a close event follows
    socket.on('close', () => {
      gone = true;
      if (connection === null) return;
      connection.leave();
      this.#connections.delete(connection);
    });
    // Nothing is read until the document has been loaded: an answer to sync step 1 before that would be wrong.
    socket.pause();
    try {
      const address = parseSyncPath(request.url ?? '');
      if (address === null)
        return refuse({ code: CloseCode.badRequest, reason: 'No such address: /sync/<project>/<path>' });
      const guest = await this.#parts.greeter(request, address);
      if (isRefusal(guest)) return refuse(guest);
      const refusal = gone ? null : await this.#parts.doorkeeper.admit(address);
      if (refusal !== null) return refuse(refusal);
      if (gone) return;
      const check = async (): Promise<void> => {
        const since = await this.#parts.doorkeeper.refusal(address);
        if (since !== null) throw new TurnedAway(since);
      };
      const start = (room: Room): Connection => {
        if (room.peers.size >= limits.roomConnections)
          throw new TurnedAway({
            code: CloseCode.busy,
            reason: 'There are too many people in this document',
          });
        const { backlog } = ofAddress;
        return new Connection(socket, room, { stream, guest, limits, turns, shares, backlog, metrics });
      };
      const entered = await rooms.enter(address, start, check);
      if (gone) {
        entered.leave();
        return;
      }
      connection = entered;
      this.#connections.set(entered, this.#entered++ % this.#slices);
      for (const frame of early) entered.receive(frame);
    } catch (error) {
      if (error instanceof TurnedAway) refuse(error.refusal);
      else
        refuse({ code: CloseCode.notStored, reason: toAnnealError(error, serverErrors.storeFailed).message });
    } finally {
      if (connection === null)
        socket.resume(); // so that the other side's close is heard
      else (connection as Connection).begin();
    }
  }

  #beat(): void {
    const now = performance.now();
    this.#slice = (this.#slice + 1) % this.#slices;
    for (const [connection, slice] of this.#connections) if (slice === this.#slice) connection.heartbeat(now);
    if (this.#slice !== 0) return;
    for (const room of this.#parts.rooms.loaded) room.awareness.renew(now, RENEW_MS);
  }
}

/** `anneal.ack.1` where it is offered; else one that carries no secret; a secret only where nothing else is. */
function chosenProtocol(offered: ReadonlySet<string>): string | false {
  if (offered.has(ACK_SUBPROTOCOL)) return ACK_SUBPROTOCOL;
  const secret = (name: string): boolean =>
    name.startsWith(TICKET_SUBPROTOCOL_PREFIX) || name.startsWith(KEY_SUBPROTOCOL_PREFIX);
  const [first] = offered;
  return [...offered].find((name) => !secret(name)) ?? first ?? false;
}
