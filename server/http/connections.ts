import type { IncomingMessage, Server } from 'node:http';
import type { Socket } from 'node:net';
import { isNear, networkOf } from './client-address.ts';

export interface ConnectionLimits {
  /** Open at once from one address, but for those that have become sync sockets: these have a limit of their own. */
  readonly perAddress: number;
  /** Of all together, sync sockets too. */
  readonly total: number;
}

export const connectionLimits: ConnectionLimits = { perAddress: 2_000, total: 20_000 };

/**
 * Closes what is too much before a byte of it has been read. Behind a proxy everybody comes from one address, and
 * it is the proxy that counts them.
 */
export function limitConnections(
  server: Server,
  behindProxy: boolean,
  { perAddress, total }: ConnectionLimits = connectionLimits,
): void {
  const open = new Map<string, number>();
  const held = new Map<string, () => void>();
  server.maxConnections = total;
  server.on('connection', (socket: Socket) => {
    const address = socket.remoteAddress ?? '';
    if (behindProxy && isNear(address)) return;
    const key = networkOf(address);
    const count = open.get(key) ?? 0;
    if (count >= perAddress) {
      socket.destroy();
      return;
    }
    open.set(key, count + 1);
    const name = nameOf(socket); // a closed socket has none
    const release = once(() => {
      held.delete(name);
      const left = (open.get(key) ?? 1) - 1;
      if (left > 0) open.set(key, left);
      else open.delete(key);
    });
    held.set(name, release);
    socket.on('close', release);
  });
  server.on('upgrade', ({ socket }: IncomingMessage) => held.get(nameOf(socket))?.());
}

/** By its other end: under TLS a request has another object for its socket than the connection. */
const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

function once(work: () => void): () => void {
  let done = false;
  return () => {
    if (!done) work();
    done = true;
  };
}
