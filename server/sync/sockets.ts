import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { toAnnealError } from '../../src/base/error.ts';
import { protocolErrors } from '../../src/protocol/errors.ts';
import { CloseCode, parseSyncPath, SYNC_SUBPROTOCOL, type SyncAddress } from '../../src/protocol/sync.ts';
import { serverErrors } from '../errors.ts';
import { refuseSocket } from '../http/refuse.ts';
import { Connection, clip } from './connection.ts';
import type { SyncLimits } from './limits.ts';
import type { CloseCodeValue, Room } from './room.ts';
import type { Rooms } from './rooms.ts';

export interface Refusal {
  readonly code: CloseCodeValue;
  readonly reason: string;
}

/** Says why a document may not be opened; null where it may. */
export interface Doorkeeper {
  /** Asked first; it may make the document fit to be opened. */
  admit(address: SyncAddress): Promise<Refusal | null>;
  /** Asked again while the room is held: the file may have been moved or deleted meanwhile. */
  refusal(address: SyncAddress): Promise<Refusal | null>;
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

/** The sync sockets: from an upgrade that the guard has let pass to a connection in a room. */
export class SyncSockets {
  readonly #server: WebSocketServer;
  readonly #rooms: Rooms;
  readonly #doorkeeper: Doorkeeper;
  readonly #limits: SyncLimits;
  readonly #connections = new Set<Connection>();
  readonly #heartbeat: NodeJS.Timeout;

  constructor(rooms: Rooms, doorkeeper: Doorkeeper, limits: SyncLimits) {
    this.#rooms = rooms;
    this.#doorkeeper = doorkeeper;
    this.#limits = limits;
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: limits.messageBytes,
      perMessageDeflate: false,
      handleProtocols: (offered) => (offered.has(SYNC_SUBPROTOCOL) ? SYNC_SUBPROTOCOL : false),
    });
    this.#server.on('wsClientError', (error, socket) =>
      refuseSocket(socket, protocolErrors.badRequest({ message: error.message })),
    );
    this.#heartbeat = setInterval(() => this.#beat(), limits.heartbeatMs);
    this.#heartbeat.unref();
  }

  get size(): number {
    return this.#connections.size;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (accepted) => {
      void this.#accept(accepted, request.url ?? '');
    });
  }

  /** Ends the sockets that are in no room any more; rooms send their own away. */
  async close(): Promise<void> {
    clearInterval(this.#heartbeat);
    for (const socket of this.#server.clients) socket.close(CloseCode.restart, 'The server stops');
    const grace = setTimeout(() => {
      for (const socket of this.#server.clients) socket.terminate();
    }, 1_000);
    await new Promise((resolve) => this.#server.close(resolve));
    clearTimeout(grace);
  }

  async #accept(socket: WebSocket, url: string): Promise<void> {
    const early: Uint8Array[] = [];
    let connection: Connection | null = null;
    let gone = false;
    socket.binaryType = 'nodebuffer';
    socket.on('message', (data: RawData, isBinary: boolean) => {
      if (!isBinary || !Buffer.isBuffer(data)) socket.close(CloseCode.badRequest, 'Frames are binary');
      else if (connection === null) early.push(data);
      else connection.receive(data);
    });
    socket.on('pong', () => connection?.heard());
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
      const address = parseSyncPath(url);
      if (address === null) {
        socket.close(CloseCode.badRequest, 'No such address: /sync/<project>/<path>');
      } else if (this.#server.clients.size > this.#limits.connections) {
        socket.close(CloseCode.busy, 'The server has too many connections');
      } else {
        const refusal = await this.#doorkeeper.admit(address);
        if (refusal !== null) {
          socket.close(refusal.code, clip(refusal.reason));
        } else {
          const limits = this.#limits;
          const check = async (): Promise<void> => {
            const since = await this.#doorkeeper.refusal(address);
            if (since !== null) throw new TurnedAway(since);
          };
          const start = (room: Room): Connection => new Connection(socket, room, limits);
          const entered = await this.#rooms.enter(address, start, check);
          if (gone) {
            entered.leave();
            return;
          }
          connection = entered;
          this.#connections.add(entered);
          for (const frame of early) entered.receive(frame);
        }
      }
    } catch (error) {
      if (error instanceof TurnedAway) socket.close(error.refusal.code, clip(error.refusal.reason));
      else socket.close(CloseCode.notStored, clip(toAnnealError(error, serverErrors.storeFailed).message));
    } finally {
      socket.resume();
    }
  }

  #beat(): void {
    const now = performance.now();
    for (const connection of this.#connections) connection.heartbeat(now);
    for (const room of this.#rooms.loaded) room.awareness.renew(now, RENEW_MS);
  }
}
