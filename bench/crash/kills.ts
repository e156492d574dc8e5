import { setTimeout as delay } from 'node:timers/promises';
import type { Random } from '../../src/base/random.ts';
import { judge } from './ledger.ts';
import { ServerProcess } from './server-process.ts';
import { typeAway } from './typing.ts';
import { look, textWith, Writer } from './writer.ts';

export interface KillReport {
  readonly kills: number;
  readonly acknowledged: number;
  /** Acknowledged edits that were not there after a restart, and whatever else was not as it should be. */
  readonly lost: readonly string[];
  /** A log that is whole must not begin another epoch. */
  readonly epochs: number;
}

const ROOMS = 4;
const WRITERS_A_ROOM = 2;
/** Documents are exchanged for new ones this often; the old ones are looked at again in the end. */
const KILLS_A_SET = 10;
/** One in so many is killed while it starts. */
const STARTING = 10;
const LONGEST_START_MS = 600;
const LONGEST_LOAD_MS = 400;

/** Kills a server under load at random instants, starts it again, and looks whether everything promised is there. */
export async function killAndLook(
  dataDir: string,
  count: number,
  random: Random,
  progress: (line: string) => void,
): Promise<KillReport> {
  const all: Writer[] = [];
  const lost: string[] = [];
  const epochs = new Set<number>();
  const check = async (url: string, writers: readonly Writer[], when: string): Promise<void> => {
    for (const path of new Set(writers.map((writer) => writer.path))) {
      const seen = await look(url, path);
      epochs.add(seen.epoch);
      const there = writers.filter((writer) => writer.path === path);
      const told = Math.max(0, ...there.flatMap((writer) => writer.told.map(({ lsn }) => lsn)));
      const verdict = judge(
        textWith(
          seen.state,
          there.flatMap((writer) => writer.unpromised()),
        ),
        there.flatMap((writer) => writer.pieces()),
      );
      const problems = [...verdict.lost, ...verdict.wrong.map((one) => `wrong: ${one}`)];
      if (seen.lsn < told) problems.push(`the log is at ${seen.lsn} and was at ${told}`);
      lost.push(...problems.map((problem) => `${path} after kill ${when}: ${problem}`));
    }
  };

  let writers: Writer[] = [];
  for (let kill = 0; kill < count; kill++) {
    if (kill % KILLS_A_SET === 0) {
      writers = newWriters(kill / KILLS_A_SET);
      all.push(...writers);
    }
    const server = new ServerProcess(dataDir);
    if (random.below(STARTING) === 0) {
      await delay(random.uniform() * LONGEST_START_MS);
      await server.kill();
      continue;
    }
    const url = await server.address();
    await check(url, writers, `${kill}`);
    const connected = Promise.all(writers.map((writer) => writer.connect(url)));
    connected.catch(() => undefined); // the kill may come first
    const stop = typeAway(writers, random);
    await delay(random.uniform() * LONGEST_LOAD_MS);
    await server.kill();
    await stop();
    await connected.catch(() => undefined);
    await Promise.all(writers.map((writer) => writer.closed()));
    if ((kill + 1) % 20 === 0) progress(`${kill + 1} kills, ${lost.length} edits lost`);
  }
  const last = new ServerProcess(dataDir);
  await check(await last.address(), all, 'the last');
  await last.kill();
  const acknowledged = all.reduce((sum, writer) => sum + writer.acknowledged, 0);
  return { kills: count, acknowledged, lost, epochs: epochs.size };
}

function newWriters(set: number): Writer[] {
  return Array.from({ length: ROOMS * WRITERS_A_ROOM }, (_, i) => {
    const room = i % ROOMS;
    return new Writer(`s${set}w${i}`, `crash/${set}-${room}.md`);
  });
}
