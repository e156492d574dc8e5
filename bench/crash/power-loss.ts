import { link, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { asUntouched, longAgo } from '../../server/store/testing/marks.ts';
import type { Random } from '../../src/base/random.ts';
import { type Case, kinds, makeCase, type Traced } from './cases.ts';
import { judge } from './ledger.ts';
import { recorded } from './recorder.ts';
import { ServerProcess } from './server-process.ts';
import { readTrace } from './trace.ts';
import { typeAway } from './typing.ts';
import { comeBack, look, textWith, Writer, writeBeyond } from './writer.ts';

export interface PowerReport {
  readonly cases: number;
  /** Documents that had everything promised, without a word. */
  readonly whole: number;
  /** Documents of which the clients were told, and that had everything after they had sent it again. */
  readonly resent: number;
  /** The server said that its data is damaged, and did not start. */
  readonly refused: number;
  readonly lost: readonly string[];
}

const ROOMS = 4;
const WRITERS = 8;
const CASES_A_TRACE = 12;
const SHORTEST_LOAD_MS = 1_200;
const LONGEST_LOAD_MS = 3_000;

interface Recording {
  readonly folder: string;
  /** The database's file under another name, so that its inode stays. */
  readonly original: string;
  readonly traced: Traced;
  readonly writers: readonly Writer[];
}

/** Records a server under load, kills it, and starts it on whatever a power cut or worse could have left. */
export async function cutPower(
  folder: string,
  library: string,
  count: number,
  random: Random,
  progress: (line: string) => void,
): Promise<PowerReport> {
  const report = { cases: 0, whole: 0, resent: 0, refused: 0, lost: [] as string[] };
  for (let trace = 0; report.cases < count; trace++) {
    const recording = await record(join(folder, `power-${trace}`), library, random);
    for (let i = 0; i < CASES_A_TRACE && report.cases < count; i++) {
      const one = makeCase(kinds[report.cases % kinds.length] ?? 'power cut', recording.traced, random);
      await putBack(recording, one);
      await check(recording, one, report);
      report.cases++;
    }
    progress(`${report.cases} power losses, ${report.lost.length} edits lost`);
    await rm(recording.folder, { recursive: true });
    await rm(recording.original);
  }
  return report;
}

async function record(folder: string, library: string, random: Random): Promise<Recording> {
  await mkdir(folder, { recursive: true });
  const trace = `${folder}.trace`;
  const database = join(folder, 'anneal.db');
  const server = new ServerProcess(folder, recorded(library, join(folder, 'anneal.'), trace));
  const url = await server.address();
  const writers = Array.from(
    { length: WRITERS },
    (_, i) => new Writer(`w${i}`, `power/${Math.floor(i / (WRITERS / ROOMS))}.md`),
  );
  await Promise.all(writers.map((writer) => writer.connect(url)));
  const stop = typeAway(writers, random);
  await delay(SHORTEST_LOAD_MS + random.uniform() * (LONGEST_LOAD_MS - SHORTEST_LOAD_MS));
  await server.kill();
  await stop();
  await Promise.all(writers.map((writer) => writer.closed()));
  const end = process.hrtime.bigint();
  const acts = readTrace(await readFile(trace));
  await rm(trace);
  if (!acts.some((act) => act.kind === 'synced' && act.file === `${database}-wal`))
    throw new Error('No sync of the log was recorded: the recorder does not see what the server does');
  const from = writers
    .flatMap((writer) => writer.told.slice(1, 2))
    .reduce((first, { at }) => (at < first ? at : first), end);
  const original = `${folder}.original`;
  await link(database, original);
  const watermark = join(folder, 'anneal.watermark');
  return { folder, original, writers, traced: { acts, database, watermark, from, end } };
}

async function putBack({ folder, original, traced }: Recording, one: Case): Promise<void> {
  for (const name of await readdir(folder)) if (name.startsWith('anneal.')) await rm(join(folder, name));
  for (const [path, was] of one.files) {
    const bytes = path !== traced.watermark ? was : one.byHand ? longAgo(was) : asUntouched(was);
    if (path !== traced.database || !one.inPlace) {
      await writeFile(path, bytes);
      continue;
    }
    await writeFile(original, bytes); // truncates: the inode stays
    await link(original, path);
  }
}

async function check(
  { folder, writers }: Recording,
  one: Case,
  report: { whole: number; resent: number; refused: number; lost: string[] },
): Promise<void> {
  const server = new ServerProcess(folder);
  try {
    const url = await server.ready;
    if (url === null) {
      // Only a disk that broke its word may leave something that cannot be used.
      if (one.kind === 'lying disk' && server.complaint.includes('ANN-SRV')) report.refused++;
      else report.lost.push(`${one.kind}, ${one.what}: the server did not start: ${server.complaint}`);
      return;
    }
    const paths = [...new Set(writers.map((writer) => writer.path))];
    if (one.othersFirst) {
      const told = writers.flatMap((writer) => writer.told.filter(({ at }) => at <= one.until));
      await writeBeyond(url, 'power/others.md', Math.max(...told.map(({ lsn }) => lsn)));
    }
    // All of them come back at once.
    const first = await Promise.all(paths.map((path) => look(url, path)));
    for (const [index, path] of paths.entries()) {
      const there = writers.filter((writer) => writer.path === path);
      const told = there.flatMap((writer) => writer.told.filter(({ at }) => at <= one.until).slice(-1));
      const seen = first[index];
      if (seen === undefined) continue;
      const silent = told.every(({ epoch, lsn }) => seen.epoch === epoch && seen.lsn >= lsn);
      if (!silent) for (const writer of there) await comeBack(url, path, writer.state);
      // After a power cut alone nothing need be sent again for everything to be there.
      const found = silent || one.kind === 'power cut' ? seen : await look(url, path);
      const pieces = there.flatMap((writer) => writer.pieces(one.until));
      const text = textWith(
        found.state,
        there.flatMap((writer) => writer.unpromised(one.until)),
      );
      const { lost, wrong } = judge(text, pieces);
      const problems = [...lost, ...wrong.map((part) => `wrong: ${part}`)];
      const when = silent ? 'without a word' : 'although it was sent again';
      report.lost.push(
        ...problems.map((problem) => `${one.kind}, ${one.what}, ${basename(path)}: ${problem}, ${when}`),
      );
      if (problems.length > 0) continue;
      if (silent) report.whole++;
      else report.resent++;
    }
  } finally {
    await server.kill();
  }
}
