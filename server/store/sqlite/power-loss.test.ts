import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { StoredDocument } from '../requests/documents.ts';
import { asUntouched, longAgo } from '../testing/marks.ts';
import type { Written } from '../write.ts';
import { SqliteSession } from './session.ts';
import { sqliteError } from './sqlite-error.ts';

const name = { project: 'p', path: 'notes.md' };

/** The files as they were when row `lsn` had just been acknowledged. */
interface Photo {
  readonly lsn: number;
  readonly database: Buffer;
  readonly log: Buffer;
  readonly watermark: Buffer;
}

let folder = '';
let epoch = 0;
const photos: Photo[] = [];
const files = () => ({ database: join(folder, 'anneal.db'), watermark: join(folder, 'anneal.watermark') });
const wal = () => `${files().database}-wal`;

/** Long enough that the write-ahead log is moved into the database several times. */
const ROWS = 400;
const row = (seq: number): Uint8Array => new Uint8Array(12_000).fill(seq % 251);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'anneal-power-'));
  const session = SqliteSession.open(files());
  epoch = session.epoch;
  await session.run('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
  for (let i = 0; i < ROWS; i++) {
    const data = row(i + 1);
    const { lsn } = (await session.run('write', [
      [{ kind: 'append', ...name, generation: 1, creates: true, data }],
    ])) as Written;
    expect(lsn).toBe(i + 1);
    if (i % 40 !== 39 && i !== ROWS - 1) continue;
    photos.push({
      lsn,
      database: readFileSync(files().database),
      log: existsSync(wal()) ? readFileSync(wal()) : Buffer.alloc(0),
      watermark: readFileSync(files().watermark),
    });
  }
  await session.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Into the very files that were there: what the disk itself would show after the power came back. */
function putBack({ database, log }: Photo, watermark: Buffer): void {
  rmSync(wal(), { force: true });
  rmSync(`${files().database}-shm`, { force: true });
  writeFileSync(files().database, database);
  writeFileSync(wal(), log);
  writeFileSync(files().watermark, asUntouched(watermark));
}

type Outcome = 'whole' | 'new epoch' | 'shorter' | 'damaged';

/** What a client that was told `acknowledged` makes of it; `silently wrong` is what must never be. */
async function reopened(acknowledged: number): Promise<Outcome | 'silently wrong'> {
  let session: SqliteSession;
  try {
    session = SqliteSession.open(files());
  } catch (error) {
    expect(sqliteError(error).code).toMatch(/^ANN-SRV-/);
    return 'damaged';
  }
  try {
    if (session.epoch !== epoch) return 'new epoch';
    if (session.lsn < acknowledged) return 'shorter'; // the client's own number is higher: it sends again
    const { updates } = (await session.run('loadDocument', name)) as StoredDocument;
    const right = updates.slice(0, acknowledged).every((data, i) => data[0] === (i + 1) % 251);
    return right && updates.length >= acknowledged ? 'whole' : 'silently wrong';
  } finally {
    await session.close();
  }
}

const last = (): Photo => photos.at(-1) ?? expect.fail('no photo');

test('what was forced to disk is enough: all of it is there, also when the mark is an older one', async () => {
  for (const { watermark } of photos) {
    putBack(last(), watermark);
    expect(await reopened(last().lsn)).toBe('whole');
  }
});

test('an older state with the newest mark is a new epoch', async () => {
  for (const photo of photos.slice(0, -1)) {
    putBack(photo, last().watermark);
    expect(await reopened(last().lsn)).toBe('new epoch');
  }
});

test('an older state that somebody put back with its own mark is a new epoch', async () => {
  for (const photo of photos) {
    putBack(photo, photo.watermark);
    writeFileSync(files().watermark, longAgo(photo.watermark));
    expect(await reopened(last().lsn)).toBe('new epoch');
  }
});

test('torn, cut and older states in any combination are never silently wrong', async () => {
  const seed = Date.now();
  console.log(`power loss: seed ${seed}`);
  const seen = new Set<string>();
  const some = fc.nat({ max: 1000 }).map((share) => share / 1000);
  const damage = fc.record({
    photo: some,
    mark: fc.option(some, { nil: null }), // null: there is none
    cutLog: fc.option(some, { nil: null }),
    tornLog: fc.option(some, { nil: null }),
    cutMark: fc.option(some, { freq: 8, nil: null }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ photo, mark, cutLog, tornLog, cutMark }) => {
      const at = (share: number): Photo => photos[Math.floor(share * photos.length * 0.999)] ?? last();
      const state = at(photo);
      let log = Buffer.from(state.log);
      if (cutLog !== null) log = log.subarray(0, Math.floor(cutLog * log.length));
      if (tornLog !== null && log.length > 0) {
        const place = Math.min(log.length - 1, Math.floor(tornLog * log.length));
        log.writeUInt8((log[place] ?? 0) ^ 0x5a, place);
      }
      const whole = mark === null ? Buffer.alloc(0) : at(mark).watermark;
      const watermark = cutMark === null ? whole : whole.subarray(0, Math.floor(cutMark * whole.length));
      putBack({ ...state, log }, watermark);
      if (mark === null) rmSync(files().watermark);
      const outcome = await reopened(last().lsn);
      seen.add(outcome);
      expect(outcome).not.toBe('silently wrong');
    }),
    { numRuns: 300, seed },
  );
  expect(seen).toContain('new epoch');
}, 120_000);
