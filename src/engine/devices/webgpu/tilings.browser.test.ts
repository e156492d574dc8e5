import { expect, test } from 'vitest';
import { browserTilings } from './tilings.ts';

test('tabs that measure at the same time keep what each has found', async () => {
  await caches.delete('webgpu-tilings');
  const [one, other] = [browserTilings(), browserTilings()];
  if (one === null || other === null) throw new Error('there is a cache storage here');
  await Promise.all([one.save('a GPU', { a: 'x', both: 'x' }), other.save('a GPU', { b: 'y', both: 'y' })]);
  const kept = await one.load('a GPU');
  expect(kept).toMatchObject({ a: 'x', b: 'y' });
  await other.save('a GPU', { both: 'z' });
  expect(await one.load('a GPU')).toEqual(kept);
  expect(await one.load('another')).toEqual({});
  await caches.delete('webgpu-tilings');
});
