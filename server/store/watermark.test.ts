import { fsync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test, vi } from 'vitest';
import { temporaryFolder } from '../testing/fixture.ts';
import { Watermark } from './watermark.ts';

vi.mock('node:fs', async (original) => {
  const actual = await original<typeof import('node:fs')>();
  return { ...actual, fsync: vi.fn(actual.fsync) };
});
beforeEach(() => {
  vi.mocked(fsync).mockClear();
  return () => void vi.useRealTimers();
});

test('is forced to disk a second after it was written, and at the end; not in between, and not for nothing', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  const mark = new Watermark(join(await temporaryFolder(), 'mark'), 1n);
  for (let lsn = 1; lsn <= 3; lsn++) mark.write(7, lsn);
  await vi.advanceTimersByTimeAsync(900);
  expect(fsync).toHaveBeenCalledTimes(0);
  await vi.advanceTimersByTimeAsync(200);
  expect(fsync).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(60_000);
  expect(fsync).toHaveBeenCalledTimes(1);
  mark.write(7, 4);
  await mark.close();
  expect(fsync).toHaveBeenCalledTimes(2);
});

test('a process that was held up at its first write still knows what time it is', async () => {
  const path = join(await temporaryFolder(), 'mark');
  const mark = new Watermark(path, 1n);
  const now = vi.spyOn(Date, 'now').mockReturnValueOnce(Date.now() - 60_000); // until the write
  mark.write(7, 1);
  expect(now.mock.calls.length).toBeGreaterThan(1);
  now.mockRestore();
  expect(Watermark.read(path)).toMatchObject({ lsn: 1, moved: false });
  mark.write(7, 2);
  await mark.close();
  expect(Watermark.read(path)).toMatchObject({ lsn: 2, moved: false });
});

test('a file system with a clock of its own is no reason for doubt', async () => {
  const path = join(await temporaryFolder(), 'mark');
  const real = Date.now;
  const now = vi.spyOn(Date, 'now').mockImplementation(() => real() - 60_000);
  const mark = new Watermark(path, 1n);
  mark.write(7, 1);
  mark.write(7, 2);
  await mark.close();
  now.mockRestore();
  expect(Watermark.read(path)).toMatchObject({ lsn: 2, moved: false });
});
