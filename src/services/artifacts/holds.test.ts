import { expect, test } from 'vitest';
import type { RunId } from '../../domain/runs/events.ts';
import { createMemoryRunStore } from '../../storage/memory/runs.ts';
import { createMemorySettings } from '../../storage/memory/settings.ts';
import { created } from '../../storage/testing/run-stores.ts';
import { fakeRemote } from '../testing/fake-remote.ts';
import { createRunHolds } from './holds.ts';

test('the server is told what runs refer to, once, and when they are gone for good', async () => {
  const runs = createMemoryRunStore();
  const remote = fakeRemote();
  const holds = createRunHolds({ runs, remote, settings: createMemorySettings() });
  const id = 'run-a' as RunId;
  const { pins, project } = await runs.append(id, created, 1);
  const holder = `${project} run-run-a`;
  remote.online = false;
  await expect(holds.tell()).rejects.toMatchObject({ code: 'ANN-PRO-020' });
  remote.online = true;
  await holds.tell();
  expect(remote.holds.get(holder)).toContain(pins.data.sha256);
  remote.holds.clear();
  await holds.tell();
  expect(remote.holds.size).toBe(0);
  await runs.append(id, { type: 'interrupted' }, 2);
  await runs.append(id, { type: 'deleted' }, 3);
  await holds.tell();
  expect(remote.holds.size).toBe(0); // it can be restored
  await runs.purge(id);
  await holds.tell();
  expect(remote.holds.get(holder)).toEqual([]);
});

test('what one tab told is not forgotten while another tells too', async () => {
  const runs = createMemoryRunStore();
  const remote = fakeRemote();
  const settings = createMemorySettings();
  const [first, second] = ['run-a', 'run-b'] as RunId[];
  if (first === undefined || second === undefined) return expect.fail('two runs');
  const { project } = await runs.append(first, created, 1);
  let answer: () => void = () => undefined;
  const slow = new Promise<void>((resolve) => {
    answer = resolve;
  });
  let asked: () => void = () => undefined;
  const isAsked = new Promise<void>((resolve) => {
    asked = resolve;
  });
  const slowly: typeof remote.hold = async (...what) => {
    await remote.hold(...what);
    asked();
    await slow;
  };
  const telling = createRunHolds({ runs, remote: { ...remote, hold: slowly }, settings }).tell();
  await isAsked;
  await runs.append(second, created, 2);
  const other = createRunHolds({ runs, remote, settings });
  await other.tell();
  answer();
  await telling;
  expect(remote.holds.get(`${project} run-run-b`)).not.toEqual([]);
  await runs.append(second, { type: 'interrupted' }, 3);
  await runs.append(second, { type: 'deleted' }, 4);
  await runs.purge(second);
  await other.tell();
  expect(remote.holds.get(`${project} run-run-b`)).toEqual([]);
});
