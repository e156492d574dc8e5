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
