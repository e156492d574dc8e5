import { setTimeout as delay } from 'node:timers/promises';
import { quantile } from '../quantile.ts';
import type { JoinRequest, LoadAnswer, LoadRequest, Spread, TypeRequest } from './calls.ts';
import { Client } from './client.ts';
import { seedUpdate } from './updates.ts';

// The load generator: a process of its own, told what to do by its parent.

const SEED_CLIENT = 1;
const SEED_LENGTH = 2_000;
const seed = seedUpdate(SEED_CLIENT, SEED_LENGTH);
/** So long after the last update everybody must have heard it. */
const GRACE_MS = 3_000;
/** So long a server that could not keep up is given before it is asked for anything else. */
const DRAIN_MS = 30_000;
/** The connections come from so many addresses, as those of people do. */
const ADDRESSES = 200;

let clients: Client[] = [];
let rooms = 0;
let broadcasts: number[] = [];
let acknowledged: number[] = [];
let failure: string | null = null;

async function join(request: JoinRequest): Promise<LoadAnswer> {
  rooms = request.rooms;
  const joins: Promise<number>[] = [];
  const began = performance.now();
  for (let i = 0; i < request.connections; i++) {
    const client = new Client({
      engine: request.engine,
      port: request.port,
      from: `127.0.1.${1 + (i % ADDRESSES)}`,
      document: `${request.prefix}${i % rooms}.yaml`,
      id: 1000 + i,
      seed: i < rooms ? seed.update : null,
      end: seed.end,
      // Hocuspocus tells those who type what they typed: that is no broadcast.
      onHeard: (sent) => {
        if (i >= rooms) broadcasts.push(performance.now() - sent / 1000);
      },
      onAcknowledged: (sent) => acknowledged.push(performance.now() - sent),
      onLost: (why) => {
        failure ??= why;
      },
    });
    clients.push(client);
    joins.push(client.joined);
    const due = began + ((i + 1) * 1000) / request.joinsPerSecond;
    await delay(Math.max(0, due - performance.now()));
  }
  const waiting = Promise.all(joins);
  const late = delay(GRACE_MS * 5, null, { ref: false }).then(() => null);
  const times = await Promise.race([waiting, late]);
  if (times === null) return { kind: 'failed', why: failure ?? 'Not everybody could join' };
  return { kind: 'joined', join_ms: spread(times) };
}

/** The first of each room types, at an even rate over all; sending never waits for the server. */
async function type({ updatesPerSecond, seconds }: TypeRequest): Promise<LoadAnswer> {
  broadcasts = [];
  acknowledged = [];
  const listeners = clients.length / rooms - 1;
  const total = Math.floor(updatesPerSecond * seconds);
  const lateness: number[] = [];
  const began = performance.now();
  await new Promise<void>((resolve) => {
    let made = 0;
    const pump = (): void => {
      for (; made < total; made++) {
        const now = performance.now();
        const due = began + (made * 1000) / updatesPerSecond;
        if (now < due) break;
        lateness.push(now - due);
        clients[made % rooms]?.type(now);
      }
      // Spins: a timer would come up to a millisecond late, and the core is its own.
      if (made < total && failure === null) setImmediate(pump);
      else resolve();
    };
    pump();
  });
  const expected = Math.floor(total * listeners);
  await heard(expected, total, GRACE_MS);
  const missing = expected - broadcasts.length;
  await heard(expected, total, DRAIN_MS);
  if (failure !== null) return { kind: 'failed', why: failure };
  return {
    kind: 'typed',
    broadcast_ms: spread(broadcasts),
    ack_ms: spread(acknowledged),
    updates: total,
    missing,
    late_ms: quantile(lateness, 0.99),
  };
}

/** Waits until everybody has heard everything, at most so long. */
async function heard(updates: number, answers: number, withinMs: number): Promise<void> {
  const deadline = performance.now() + withinMs;
  const isOver = (): boolean => broadcasts.length >= updates && acknowledged.length >= answers;
  while (!isOver() && performance.now() < deadline && failure === null) await delay(5);
}

async function leave(): Promise<LoadAnswer> {
  for (const client of clients) client.leave();
  clients = [];
  await delay(100);
  return { kind: 'left' };
}

function spread(samples: readonly number[]): Spread {
  return { p50: quantile(samples, 0.5), p95: quantile(samples, 0.95), p99: quantile(samples, 0.99) };
}

async function answer(request: LoadRequest): Promise<LoadAnswer> {
  if (request.kind === 'join') return join(request);
  return request.kind === 'type' ? type(request) : leave();
}

process.on('message', (request: LoadRequest) => {
  answer(request).then(
    (said) => process.send?.(said),
    (error: unknown) => process.send?.({ kind: 'failed', why: String(error) } satisfies LoadAnswer),
  );
});
process.on('disconnect', () => process.exit());
