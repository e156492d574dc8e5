import { setTimeout as delay, setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import type { Random } from '../../src/base/random.ts';
import type { Hostile } from './hostile.ts';

/** Frames that are sent over one socket before it is given up for a new one. */
const FRAMES_PER_SOCKET = 400;
const DIFFERENT_FRAMES = 40;

/** So long the last frames may take to be answered with a close code. */
const PATIENCE_MS = 200;

export interface Flood {
  readonly url: string;
  readonly address: string;
  readonly make: Hostile;
  readonly random: Random;
  readonly sockets: number;
  readonly ms: number;
  /** The address that all of them come from, of those that this machine has. */
  readonly from?: string | undefined;
  /** Pings instead of frames. */
  readonly ping?: boolean;
}

/**
 * Sends such frames over several sockets at once, as fast as they are taken, and comes back whenever it is
 * thrown out. Answers with the codes that the server closed sockets with.
 */
export async function flood(options: Flood): Promise<ReadonlyMap<number, number>> {
  const codes = new Map<number, number>();
  // Made beforehand: what making them costs must not look like the server's delay.
  const frames = Array.from({ length: DIFFERENT_FRAMES }, () => options.make(options.random));
  const end = performance.now() + options.ms;
  const attack = async (): Promise<void> => {
    while (performance.now() < end) {
      const code = await once(options, frames, end);
      if (code !== null) codes.set(code, (codes.get(code) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: options.sockets }, attack));
  return codes;
}

/** One socket; the close code where the server closed it. */
async function once(
  { url, address, random, ping, from }: Flood,
  frames: readonly (Uint8Array | string)[],
  end: number,
): Promise<number | null> {
  const socket = new WebSocket(
    `${url.replace(/^http/, 'ws')}${address}`,
    [],
    from === undefined ? {} : { localAddress: from },
  );
  socket.on('error', () => undefined);
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  const opened = new Promise<void>((resolve) => socket.on('open', () => resolve()));
  await Promise.race([opened, closed]);
  for (let i = 0; i < FRAMES_PER_SOCKET && performance.now() < end; i++) {
    if (socket.readyState !== WebSocket.OPEN) return closed;
    const taken = new Promise<void>((resolve) => {
      if (ping === true) socket.ping(Buffer.alloc(100), undefined, () => resolve());
      else socket.send(random.pick(frames), () => resolve());
    });
    await Promise.race([taken, closed]);
    await turn(); // to hear what the server says
  }
  // What has been sent is still to be read: it is waited for, as long as the attack goes on.
  const code = await Promise.race([closed, delay(Math.max(0, end - performance.now()) + PATIENCE_MS, null)]);
  socket.terminate();
  return code;
}
