import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import { openAsBlob } from 'node:fs';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CutProxy, openCutProxy } from '../server/testing/cut-proxy.ts';
import { Random } from '../src/base/random.ts';
import { createClient } from '../src/sdk/client.ts';
import { CHUNK_BYTES } from '../src/sdk/upload.ts';
import type { BenchOptions } from './bench.ts';
import { benchOptions } from './options.ts';
import { type BenchReport, bar, machine } from './report.ts';

export const usage = 'upload [--bytes 1000000000] [--cuts 50] [--tabs 2] [--seed N]';

/** One cut in so many kills the server too, which is then started again. */
const KILL_EVERY = 5;
const BLOCK_BYTES = 16 * 1024 * 1024;

/**
 * A file is uploaded by several tabs at once (clients that know nothing of one another), while the connection is
 * cut at random places of what they send and the server is killed now and then. What counts: the bytes that
 * went over the wire beyond the file's, and that the stored artifact has the file's hash.
 */
export async function run(args: readonly string[], { progress }: BenchOptions): Promise<BenchReport> {
  const options = benchOptions(args, {
    bytes: { type: 'string', default: '1000000000' },
    cuts: { type: 'string', default: '50' },
    tabs: { type: 'string', default: '2' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  });
  const [bytes, cuts, tabs, seed] = [options.bytes, options.cuts, options.tabs, options.seed].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  progress(`seed ${seed}`);
  const folder = await mkdtemp(join(tmpdir(), 'anneal-bench-'));
  const data = join(folder, 'data');
  const file = join(folder, 'file');
  let server = await start(data);
  let proxy: CutProxy | null = null;
  try {
    const sha256 = await writeFile(file, bytes);
    const random = new Random(seed);
    const places = Array.from({ length: cuts }, () => random.below(bytes)).sort((a, b) => a - b);
    let next = 0;
    let kills = 0;
    let starting: Promise<void> = Promise.resolve();
    const arm = (): void => {
      const place = places[next++];
      const before = places[next - 2] ?? 0;
      if (place !== undefined) opened.cutAfter(Math.max(1, place - before));
    };
    const onCut = (): void => {
      progress(`cut ${next} of ${cuts}`);
      if (next % KILL_EVERY === 0) {
        kills++;
        starting = (async () => {
          await kill(server.process);
          server = await start(data);
          opened.retarget(server.port);
        })();
      }
      arm();
    };
    const opened = await openCutProxy(server.port, onCut);
    proxy = opened;
    arm();
    const started = performance.now();
    const source = await openAsBlob(file);
    await Promise.all(
      Array.from({ length: tabs }, () =>
        createClient({ baseUrl: opened.url }).artifacts.upload(source, { sha256 }),
      ),
    );
    const seconds = (performance.now() - started) / 1000;
    await starting;
    const stored = await hashOf(`${server.url}/api/v1/artifacts/${sha256}`);
    const extra = opened.sent() - bytes;
    return {
      name: 'upload',
      machine: machine(),
      results: [
        {
          bytes,
          tabs,
          cuts: opened.cuts(),
          kills,
          seed,
          seconds: Math.round(seconds * 10) / 10,
          extra_bytes: extra,
          extra_bytes_per_cut: Math.round(extra / Math.max(1, opened.cuts())),
          chunk_bytes: CHUNK_BYTES,
          hash_equal: stored === sha256,
        },
      ],
      bars: [
        bar('the stored bytes have the hash of the file', stored === sha256 ? 1 : 0, '>=', 1),
        bar('cuts', opened.cuts(), '>=', cuts),
        bar('bytes sent beyond the file, per cut', extra / Math.max(1, opened.cuts()), '<=', CHUNK_BYTES),
      ],
    };
  } finally {
    await proxy?.close();
    await kill(server.process);
    await rm(folder, { recursive: true, force: true });
  }
}

/** Random bytes, so that nothing on the way can make them fewer; resolves with their SHA-256. */
async function writeFile(path: string, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  const block = Buffer.alloc(Math.min(bytes, BLOCK_BYTES));
  const handle = await open(path, 'w');
  try {
    for (let at = 0; at < bytes; at += block.length) {
      randomFillSync(block);
      const part = block.subarray(0, Math.min(block.length, bytes - at));
      hash.update(part);
      await handle.write(part);
    }
  } finally {
    await handle.close();
  }
  return hash.digest('hex');
}

async function hashOf(address: string): Promise<string> {
  const response = await fetch(address);
  if (!response.ok || response.body === null) return `status ${response.status}`;
  const hash = createHash('sha256');
  for await (const part of response.body) hash.update(part);
  return hash.digest('hex');
}

interface Started {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
}

async function start(data: string): Promise<Started> {
  const main = join(import.meta.dirname, '..', 'server', 'main.ts');
  const args = ['--port', '0', '--studio', 'none', '--data', data, '--allow-host', '127.0.0.1'];
  const child = spawn(process.execPath, [main, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ANNEAL_AUTH: 'off' },
  });
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string];
  const url = line.slice(line.indexOf('http'));
  return { url, port: Number(new URL(url).port), process: child };
}

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}
