import { createHistogram, monitorEventLoopDelay } from 'node:perf_hooks';
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { SyncMetrics } from '../sync/metrics.ts';
import type { RoomState } from '../sync/room-state.ts';

/** What is counted when it is asked for. */
export interface Counted {
  connections(): number;
  rooms(): Readonly<Record<RoomState['phase'], number>>;
  epoch(): number;
  lsn(): number;
}

export interface Metrics {
  readonly sync: SyncMetrics;
  readonly contentType: string;
  read(counted: Counted): Promise<string>;
  close(): void;
}

const LOOP_RESOLUTION_MS = 10;
/** Durable acknowledgement: an SSD's fsync is the least, a disk in trouble the most. */
const DURABLE_BUCKETS = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 5];

/** The server's figures in Prometheus' words; no label names a person, a project or a file. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  /** Counted in a plain number, which costs nothing, and handed over when the figures are read. */
  const tally = (name: string, help: string): Tally => new Tally(new Counter({ name, help, registers }));
  const gauge = (name: string, help: string): Gauge => new Gauge({ name, help, registers });
  collectDefaultMetrics({ register: registry });

  const receivedFrames = tally('anneal_sync_received_frames_total', 'Frames that sockets sent.');
  const receivedBytes = tally('anneal_sync_received_bytes_total', 'Bytes of them.');
  const sentFrames = tally('anneal_sync_sent_frames_total', 'Frames sent to sockets.');
  const sentBytes = tally('anneal_sync_sent_bytes_total', 'Bytes of them.');
  const slow = tally('anneal_sync_slow_total', 'Sockets cut off for not taking what they were sent.');
  const throttled = tally('anneal_sync_throttled_total', 'Frames that waited for the share of a socket.');
  const closed = new Counter({
    name: 'anneal_sync_closed_total',
    help: 'Sockets that the server closed, by close code.',
    labelNames: ['code'],
    registers,
  });
  const durable = new Histogram({
    name: 'anneal_sync_durable_seconds',
    help: 'From an update to the moment when it is on disk.',
    buckets: DURABLE_BUCKETS,
    registers,
  });
  const connections = gauge('anneal_sync_connections', 'Open sync sockets.');
  const rooms = new Gauge({
    name: 'anneal_sync_rooms',
    help: 'Documents in memory, by phase.',
    labelNames: ['phase'],
    registers,
  });
  const epoch = gauge('anneal_log_epoch', 'Which life of the log this is.');
  const lsn = gauge('anneal_log_sequence_number', 'The log is on disk up to this number.');
  const loop = gauge(
    'anneal_event_loop_delay_p99_seconds',
    'Of the time since these figures were read last.',
  );
  const busy = gauge(
    'anneal_event_loop_busy_p99_seconds',
    'Processor time that the loop itself took between two looks 10 ms apart; other programs do not count.',
  );
  const taken = createHistogram();
  let last = process.threadCpuUsage();
  const looks = setInterval(() => {
    const now = process.threadCpuUsage();
    const micros = now.user - last.user + now.system - last.system;
    taken.record(Math.max(1, Math.round(micros)));
    last = now;
  }, LOOP_RESOLUTION_MS);
  looks.unref();
  const delay = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
  delay.enable();

  return {
    contentType: registry.contentType,
    sync: {
      received(bytes) {
        receivedFrames.add(1);
        receivedBytes.add(bytes);
      },
      sent(bytes) {
        sentFrames.add(1);
        sentBytes.add(bytes);
      },
      closed: (code) => closed.inc({ code }),
      slow: () => slow.add(1),
      throttled: () => throttled.add(1),
      durable: (seconds) => durable.observe(seconds),
    },
    async read(counted) {
      for (const one of [receivedFrames, receivedBytes, sentFrames, sentBytes, slow, throttled]) one.report();
      connections.set(counted.connections());
      for (const [phase, count] of Object.entries(counted.rooms())) rooms.set({ phase }, count);
      epoch.set(counted.epoch());
      lsn.set(counted.lsn());
      loop.set(Math.max(0, delay.percentile(99) / 1e9 - LOOP_RESOLUTION_MS / 1e3));
      delay.reset();
      busy.set(taken.percentile(99) / 1e6);
      taken.reset();
      return registry.metrics();
    },
    close() {
      delay.disable();
      clearInterval(looks);
      registry.clear();
    },
  };
}

class Tally {
  readonly #counter: Counter;
  #unreported = 0;

  constructor(counter: Counter) {
    this.#counter = counter;
  }

  add(count: number): void {
    this.#unreported += count;
  }

  report(): void {
    this.#counter.inc(this.#unreported);
    this.#unreported = 0;
  }
}
