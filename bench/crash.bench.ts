import { randomBytes } from 'node:crypto';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { wholeOption } from '../cli/arguments.ts';
import { Random } from '../src/base/random.ts';
import type { BenchOptions } from './bench.ts';
import { killAndLook } from './crash/kills.ts';
import { cutPower } from './crash/power-loss.ts';
import { buildRecorder } from './crash/recorder.ts';
import { benchOptions } from './options.ts';
import { type BenchReport, bar, machine } from './report.ts';

/**
 * What the status bar calls "saved on server" must survive anything.
 *
 * Kills: a server under load is killed with SIGKILL at random instants, also while it starts. After each restart
 * somebody who has nothing reads the documents, before any writer is back, and everything that was acknowledged
 * must be there.
 *
 * Power loss: a SIGKILL leaves what the system had not written yet, so a kill alone proves nothing of it. A
 * small library between server and system records every write and every honoured sync of database, log and
 * watermark (crash/recorder.c), and from that the files are built as a power cut at a random instant may leave
 * them: unsynced writes lost, there, there in part or torn by sectors. Whole older states (also with their
 * watermark, while others write on until the log is longer than before), and logs of which the disk forgot what it
 * had promised, are put back too. Then either everything is there, or the server says so (another epoch, a smaller
 * number) and everything is there once the clients have sent it again. Where no C compiler is, the bar is missed.
 *
 * Writers send some of their updates after later ones: what has to wait for another is promised like everything else.
 *
 * The seed decides instants and damage, but not how far the server is by then.
 */
export const usage = 'crash [--kills N] [--cuts N] [--seed N]';

const KILLS = 200;
const CUTS = 60;
/** So many lines of what was lost are shown. */
const SHOWN = 20;

interface CrashReport extends BenchReport {
  readonly kills: number;
  readonly lost: number;
  readonly seed: number;
}

export async function run(args: readonly string[], { progress }: BenchOptions): Promise<CrashReport> {
  const options = benchOptions(args, {
    kills: { type: 'string' },
    cuts: { type: 'string' },
    seed: { type: 'string' },
  });
  const count = wholeOption('--kills', options.kills, 0) ?? KILLS;
  const cuts = wholeOption('--cuts', options.cuts, 0) ?? CUTS;
  const seed = wholeOption('--seed', options.seed, 0) ?? randomBytes(4).readUInt32LE();
  progress(`seed ${seed}`);
  const random = new Random(seed);
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'anneal-crash-')));
  try {
    const killed = await killAndLook(join(folder, 'kills'), count, random, progress);
    const { library, why } = buildRecorder(folder);
    if (why !== null) progress(`power losses cannot be tried: ${why}`);
    const power = library === null ? null : await cutPower(folder, library, cuts, random, progress);
    const lost = [...killed.lost, ...(power?.lost ?? [])];
    for (const line of lost.slice(0, SHOWN)) progress(line);
    const { kills } = killed;
    return {
      name: 'crash',
      machine: machine(),
      kills,
      lost: lost.length,
      seed,
      results: [{ kills, lost: lost.length, seed }],
      details: [{ acknowledged: killed.acknowledged, epochs: killed.epochs }],
      bars: [
        bar('acknowledged edits that a kill lost', killed.lost.length, '<=', 0),
        bar('epochs of a log that is whole', killed.epochs, '<=', 1),
        bar('power losses tried', power?.cases ?? 0, '>=', cuts),
        bar('edits silently lost by power losses', power?.lost.length ?? 0, '<=', 0),
      ],
      facts: {
        power_loss: power === null ? `not tried: ${why}` : { ...power, lost: power.lost.length },
      },
    };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
