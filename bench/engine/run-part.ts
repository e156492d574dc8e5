import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { BenchReport } from '../report.ts';
import type { Part } from './parts.ts';

const MAIN = join(import.meta.dirname, '..', '..', 'cli', 'main.ts');
/** One that is told to stop has its browser and its processes to end. */
const GRACE_MS = 15_000;

/**
 * `anneal bench` in a process of its own, so that neither what it leaves behind nor its end meets the next.
 * Ends it after `limit_ms`. Throws where no report comes of it.
 */
export async function runPart(
  { command }: Pick<Part, 'command'>,
  limit_ms: number,
  progress: (line: string) => void,
): Promise<BenchReport> {
  const words = ['--disable-warning=ExperimentalWarning', MAIN, 'bench', ...command.split(' '), '--json'];
  const child = spawn(process.execPath, words, { stdio: ['ignore', 'pipe', 'pipe'] });
  let late = false;
  const stop = () => child.kill('SIGTERM');
  /** Somebody wants the whole bench to end: once the part has, nothing comes after it. */
  const end = () => {
    child.once('close', () => process.exit(130));
    stop();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
  const limit = setTimeout(() => {
    late = true;
    stop();
    setTimeout(() => child.kill('SIGKILL'), GRACE_MS).unref();
  }, limit_ms);
  let output = '';
  let last = '';
  child.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
  });
  createInterface({ input: child.stderr }).on('line', (line) => {
    if (line !== '') last = line;
    progress(line);
  });
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (late) throw new Error(`It was not over after ${Math.round(limit_ms / 60_000)} minutes.`);
    // 1 says that a bar falls: figures all the same.
    if (code !== 0 && code !== 1) throw new Error(`It ended with ${signal ?? code}: ${last}`);
    return JSON.parse(output) as BenchReport;
  } finally {
    clearTimeout(limit);
    process.off('SIGINT', end);
    process.off('SIGTERM', end);
  }
}
