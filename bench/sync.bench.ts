import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as delay } from 'node:timers/promises';
import * as Y from 'yjs';
import { Editor } from '../server/testing/editor.ts';
import { syncPath } from '../src/protocol/sync.ts';
import { quantile } from './quantile.ts';
import { type BenchReport, bar, machine } from './report.ts';

/**
 * The sync server under load, with durability on: joining (socket opened to synced), broadcast (typed by one
 * to seen by another in the room), saved (typed to acknowledged as on disk). The server runs as a process of
 * its own; the load is made here, at a fixed rate whether or not the server keeps up.
 */
interface Load {
  readonly connections: number;
  readonly rooms: number;
  readonly updatesPerSecond: number;
}

const loads: readonly Load[] = [
  { connections: 150, rooms: 50, updatesPerSecond: 100 },
  { connections: 1500, rooms: 500, updatesPerSecond: 350 },
  { connections: 300, rooms: 100, updatesPerSecond: 1000 },
  { connections: 300, rooms: 100, updatesPerSecond: 2000 },
];
const SECONDS = 8;
const TICK_MS = 5;
const MS_BETWEEN_JOINS = 4;

export async function run(): Promise<BenchReport> {
  const results = [];
  for (const load of loads) results.push({ ...load, ...(await measure(load)) });
  const [small, large] = results;
  if (small === undefined || large === undefined) throw new Error('both loads were measured');
  return {
    name: 'sync',
    machine: machine(),
    results,
    bars: [
      bar('join p99 ms, 150 connections in 50 rooms', small.join.p99, '<=', 7.4),
      bar('broadcast p99 ms, 150 connections, 100 updates/s', small.broadcast.p99, '<=', 3.4),
      bar('join p99 ms, 1500 connections in 500 rooms', large.join.p99, '<=', 16.3),
      bar('broadcast p99 ms, 1500 connections, 350 updates/s', large.broadcast.p99, '<=', 3.2),
      bar('saved p95 ms, 1500 connections, 350 updates/s', large.saved.p95, '<=', 600),
    ],
  };
}

async function measure({ connections, rooms, updatesPerSecond }: Load) {
  const folder = await mkdtemp(join(tmpdir(), 'anneal-bench-'));
  const { url, server } = await start(folder);
  const editors: Editor[] = [];
  try {
    await warmUp(url);
    const joins: number[] = [];
    const joining: Promise<void>[] = [];
    for (let i = 0; i < connections; i++) {
      const started = performance.now();
      const editor = new Editor(url, syncPath('sample', `load/${i % rooms}.md`), { doc: new Y.Doc() });
      editors.push(editor);
      joining.push(editor.untilSynced().then(() => void joins.push(performance.now() - started)));
      await delay(MS_BETWEEN_JOINS);
    }
    await Promise.all(joining);

    const broadcasts: number[] = [];
    const saves: number[] = [];
    for (const [index, editor] of editors.entries()) {
      // The second of each room listens.
      if (Math.floor(index / rooms) === 1) {
        editor.text.observe((event) => {
          const now = performance.now();
          for (const { insert } of event.delta) {
            const stamp = typeof insert === 'string' ? /\d+\.\d+/.exec(insert)?.[0] : undefined;
            if (stamp !== undefined) broadcasts.push(now - Number(stamp));
          }
        });
      }
    }
    const started = performance.now();
    let made = 0;
    while (performance.now() - started < SECONDS * 1000) {
      const due = ((performance.now() - started) / 1000) * updatesPerSecond;
      for (; made < due; made++) {
        const editor = editors[made % rooms]; // the first of each room types
        if (editor === undefined) continue;
        const typed = performance.now();
        editor.text.insert(0, `${typed.toFixed(4)} `);
        const count = editor.sent;
        void editor.until(() => editor.stored >= count).then(() => saves.push(performance.now() - typed));
        if (editor.text.length > 2000) editor.text.delete(1000, editor.text.length - 1000);
      }
      await delay(TICK_MS);
    }
    await Promise.all(
      editors.slice(0, rooms).map((editor) => editor.until(() => editor.stored === editor.sent)),
    );
    return {
      updates_made: made,
      join: spread(joins),
      broadcast: spread(broadcasts),
      saved: spread(saves),
    };
  } finally {
    await Promise.all(editors.map((editor) => editor.leave()));
    server.kill('SIGTERM');
    await once(server, 'exit');
    await rm(folder, { recursive: true, force: true });
  }
}

/** The first connections wait for code to be compiled, on both sides. */
async function warmUp(url: string): Promise<void> {
  for (let i = 0; i < 30; i++) {
    const editor = new Editor(url, syncPath('sample', 'load/warm-up.md'));
    await editor.untilSynced();
    editor.text.insert(0, 'warm ');
    await editor.untilStored();
    await editor.leave();
  }
}

async function start(data: string): Promise<{ readonly url: string; readonly server: ChildProcess }> {
  const main = join(import.meta.dirname, '..', 'server', 'main.ts');
  const server = spawn(process.execPath, [main, '--port', '0', '--studio', 'none', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await once(createInterface(server.stdout), 'line')) as [string];
  return { url: line.slice(line.indexOf('http')), server };
}

function spread(samples: readonly number[]) {
  const at = (share: number): number => Math.round(quantile(samples, share) * 100) / 100;
  return { count: samples.length, p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
