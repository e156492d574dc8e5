import { expect, test } from 'vitest';
import { keptTilings, memoryTilings } from './tilings.ts';

test('what two sessions measure is all kept, and what was kept first stays', async () => {
  const values = new Map<string, unknown>();
  const slow = {
    get: async (key: string) => {
      const found = values.get(key);
      await new Promise((resolve) => setImmediate(resolve));
      return found;
    },
    set: async (key: string, value: unknown) => void values.set(key, value),
  };
  const store = keptTilings(slow);
  await Promise.all([
    store.save('a GPU', { one: 'x', both: 'x' }),
    store.save('a GPU', { two: 'y', both: 'y' }),
  ]);
  await store.save('another', { one: 'z' });
  expect(await store.load('a GPU')).toEqual({ one: 'x', two: 'y', both: 'x' });
  expect(await store.load('another')).toEqual({ one: 'z' });
});

test('what is kept and is no tiling counts as none', async () => {
  const holding = (value: unknown) => keptTilings({ get: async () => value, set: async () => {} });
  expect(await holding(undefined).load('a GPU')).toEqual({});
  expect(await holding('nonsense').load('a GPU')).toEqual({});
  expect(await holding({ one: 'x', two: 3 }).load('a GPU')).toEqual({ one: 'x' });
  expect(await memoryTilings().load('a GPU')).toEqual({});
});
