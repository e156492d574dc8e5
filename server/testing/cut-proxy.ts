import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/**
 * A connection to the server that breaks: it counts what clients send, and cuts every connection when a place
 * in that stream is reached.
 */
export interface CutProxy {
  readonly url: string;
  /** Bytes that came from the clients, heads of requests included. */
  readonly sent: () => number;
  readonly cuts: () => number;
  /** Where the server is, which may have been started again elsewhere. */
  retarget(port: number): void;
  /** Breaks all connections when so many bytes more have come; null: never. */
  cutAfter(bytes: number | null): void;
  /** Breaks all of them now. */
  cut(): void;
  close(): Promise<void>;
}

export async function openCutProxy(port: number, onCut: () => void = () => undefined): Promise<CutProxy> {
  let target = port;
  let sent = 0;
  let cuts = 0;
  let place: number | null = null;
  const sockets = new Set<Socket>();
  const cut = (): void => {
    cuts++;
    place = null;
    for (const socket of sockets) socket.destroy();
    onCut();
  };
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1');
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (piece) => {
      sent += piece.length;
      const reached = place !== null && sent >= place;
      // What lies beyond the place is lost on the way.
      const passed = reached ? piece.subarray(0, piece.length - (sent - (place ?? sent))) : piece;
      if (!upstream.write(passed)) client.pause();
      if (reached) cut();
    });
    upstream.on('drain', () => client.resume());
    upstream.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    sent: () => sent,
    cuts: () => cuts,
    retarget: (next) => {
      target = next;
    },
    cutAfter: (bytes) => {
      place = bytes === null ? null : sent + bytes;
    },
    cut,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
