import type { WebSocket } from 'ws';
import type { Connection } from '../../sync/connection.ts';

/** The line between a client and the server: frames are on their way until the test delivers them. */
export class SimLink {
  readonly toServer: Uint8Array[] = [];
  readonly toClient: Uint8Array[] = [];
  /** Which server it leads to. */
  server = 0;
  /** The server's end: null while the document is being loaded. */
  connection: Connection | null = null;
  /** The server has closed it, behind the frames that are still on their way. */
  closedWith: number | null = null;
  #paused = false;
  readonly socket: WebSocket;

  constructor(protocol: string) {
    const link = this;
    const socket = {
      protocol,
      OPEN: 1,
      readyState: 1,
      bufferedAmount: 0,
      send(frame: Uint8Array) {
        link.toClient.push(frame.slice());
      },
      close(code: number) {
        socket.readyState = 3;
        link.closedWith = code;
      },
      terminate() {
        socket.readyState = 3;
        link.closedWith = 1006;
      },
      ping() {},
      pong() {},
      pause() {
        link.#paused = true;
      },
      resume() {
        link.#paused = false;
      },
    };
    this.socket = socket as unknown as WebSocket;
  }

  /** Hands the server up to so many frames. */
  deliverToServer(count: number): void {
    const { connection } = this;
    if (connection === null || this.closedWith !== null) return;
    for (let i = 0; i < count && !this.#paused; i++) {
      const frame = this.toServer.shift();
      if (frame === undefined) return;
      connection.receive(frame);
    }
  }
}
