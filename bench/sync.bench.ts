import { wholeOption } from '../cli/arguments.ts';
import type { BenchOptions } from './bench.ts';
import { benchOptions, oneOf } from './options.ts';
import { type Bar, type BenchReport, bar, machine } from './report.ts';
import {
  type Load,
  type Measured,
  measure,
  type SyncDetail,
  type SyncResult,
  saturate,
} from './sync/measure.ts';
import { medianOf } from './sync/median.ts';
import { pinned } from './sync/processes.ts';
import type { EngineName } from './sync/wire.ts';

/**
 * The sync server under load, with durability on, beside Hocuspocus without any. Server and load generator are
 * processes of their own on one core each (where there is taskset); servers take turns, and all clients do the
 * same little work.
 *
 * join: from opening the socket to having the document. broadcast: from one who types to another in the room.
 * ack: from typing to the acknowledgement, which of ours says "on disk" and of Hocuspocus "applied". The bytes of
 * a document are what the server holds, after a collection, beyond what it held before anybody joined, with its
 * connections, over the number of documents.
 */
export const usage =
  'sync [--connections N] [--rooms N] [--seconds N] [--rate UPDATES_PER_SECOND] [--rounds N] [--saturate] [--against hocuspocus]';

const RATE = 350;
const SECONDS = 8;
const ROUNDS = 3;
const small: Load = { connections: 150, rooms: 50 };
const large: Load = { connections: 1500, rooms: 500 };
const dense: Load = { connections: 300, rooms: 100 };

export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const options = benchOptions(args, {
    connections: { type: 'string' },
    rooms: { type: 'string' },
    seconds: { type: 'string' },
    rate: { type: 'string' },
    rounds: { type: 'string' },
    saturate: { type: 'boolean', default: false },
    against: { type: 'string' },
  });
  const seconds = wholeOption('--seconds', options.seconds, 1) ?? SECONDS;
  const rate = wholeOption('--rate', options.rate, 1) ?? RATE;
  const rounds = wholeOption('--rounds', options.rounds, 1) ?? ROUNDS;
  const connections = wholeOption('--connections', options.connections, 2);
  const rooms = wholeOption('--rooms', options.rooms, 1);
  const peer = options.against === undefined ? null : oneOf('--against', options.against, ['hocuspocus']);
  const asked = connections !== null || rooms !== null;
  const loadOr = (usual: Load): Load => {
    const all = connections ?? usual.connections;
    return { connections: all, rooms: Math.min(rooms ?? usual.rooms, Math.floor(all / 2)) };
  };
  if (!pinned) progress('There is no taskset, or one core: servers and load share what there is.');

  const everything = args.length === 0;
  const engines: readonly EngineName[] = everything || peer !== null ? ['anneal', 'hocuspocus'] : ['anneal'];
  const rows: Measured[] = [];
  const bars: Bar[] = [];
  if (everything || !options.saturate) {
    for (const load of asked ? [loadOr(small)] : [small, large]) {
      const measured = await inTurn(engines, load, { rate, seconds, rounds }, progress);
      rows.push(...measured);
      bars.push(...barsOf(measured));
    }
  }
  if (everything || options.saturate) {
    const measured = await saturate(engines, loadOr(dense), Math.min(seconds, 4), progress);
    rows.push(...measured);
    bars.push(...saturationBars(measured));
  }
  const { results, details } = taken(rows);
  return { name: 'sync', machine: machine(), results, details, bars, facts: { one_core_each: pinned } };
}

/** Rounds of one engine after the other, first one and then the other first; medians over the rounds. */
async function inTurn(
  engines: readonly EngineName[],
  load: Load,
  { rate, seconds, rounds }: { readonly rate: number; readonly seconds: number; readonly rounds: number },
  progress: (line: string) => void,
): Promise<Measured[]> {
  const runs: Measured[] = [];
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? engines : [...engines].reverse();
    for (const engine of order) {
      const one = await measure(engine, load, rate, seconds);
      runs.push(one);
      progress(
        `${engine}, ${load.connections} in ${load.rooms}: join p99 ${one.join_ms.p99.toFixed(1)}, ` +
          `broadcast p99 ${one.broadcast_ms.p99.toFixed(1)}, ack p99 ${one.ack_ms.p99.toFixed(1)} ms, ` +
          `${(one.bytes_per_document / 1000).toFixed(0)} kB a document`,
      );
    }
  }
  return engines.map((engine) => medianOf(runs.filter((one) => one.engine === engine)));
}

function barsOf(rows: readonly Measured[]): Bar[] {
  const [ours, theirs] = pair(rows);
  const where = `${ours.connections} connections in ${ours.rooms} rooms`;
  const bars = [
    bar(`durable acknowledgement p99 ms, ${where}`, ours.ack_ms.p99, '<=', 20),
    bar(`bytes a document, ${where}`, ours.bytes_per_document, '<=', 100_000),
  ];
  if (theirs === undefined) return bars;
  return [
    bar(`join p99 ms, ${where}: Hocuspocus's`, ours.join_ms.p99, '<=', theirs.join_ms.p99),
    bar(`broadcast p99 ms, ${where}: Hocuspocus's`, ours.broadcast_ms.p99, '<=', theirs.broadcast_ms.p99),
    ...bars,
    bar(`bytes a document, ${where}: Hocuspocus's`, ours.bytes_per_document, '<=', theirs.bytes_per_document),
  ];
}

function saturationBars(rows: readonly Measured[]): Bar[] {
  const [ours, theirs] = pair(rows);
  if (theirs === undefined) return [];
  const name = `updates a second at a broadcast p99 of 10 ms, ${ours.connections} connections in ${ours.rooms} rooms: 1.5 times Hocuspocus's`;
  return [bar(name, ours.updates_per_second, '>=', 1.5 * theirs.updates_per_second)];
}

function pair(rows: readonly Measured[]): [Measured, Measured | undefined] {
  const [ours, theirs] = rows;
  if (ours === undefined) throw new Error('Ours was measured');
  return [ours, theirs];
}

function taken(rows: readonly Measured[]): {
  readonly results: readonly (SyncResult & Record<string, unknown>)[];
  readonly details: readonly (SyncDetail & Record<string, unknown>)[];
} {
  const split = rows.map((row) => {
    const { engine, join_ms, broadcast_ms, ack_ms, updates_per_second, bytes_per_document, ...detail } = row;
    return {
      result: { engine, join_ms, broadcast_ms, ack_ms, updates_per_second, bytes_per_document },
      detail,
    };
  });
  return { results: split.map(({ result }) => result), details: split.map(({ detail }) => detail) };
}
