import { expect, test } from 'vitest';
import { Enlisting } from './enlisting.ts';

test('what begins together is listed together, each project by itself, and before it closes', async () => {
  const listed: string[] = [];
  const enlisting = new Enlisting(async (project, paths) => {
    await Promise.resolve();
    listed.push(`${project}: ${paths.join(' ')}`);
  });
  enlisting.add({ project: 'a', path: 'one' });
  enlisting.add({ project: 'b', path: 'two' });
  enlisting.add({ project: 'a', path: 'three' });
  enlisting.add({ project: 'a', path: 'one' });
  expect(listed).toEqual([]);
  await enlisting.close();
  expect(listed).toEqual(['a: one three', 'b: two']);
});

test('nobody needs to close it for that', async () => {
  const listed = await new Promise((resolve) => {
    const enlisting = new Enlisting(async (project, paths) => resolve([project, ...paths]));
    enlisting.add({ project: 'a', path: 'one' });
  });
  expect(listed).toEqual(['a', 'one']);
});
