import { QueryClient } from '@tanstack/react-query';
import { expect, test } from 'vitest';
import { forgetQueries, rememberQueries } from './remembered-queries.ts';

function memory(): Storage {
  const values = new Map<string, string>();
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => void values.set(key, value),
    removeItem: (key: string) => void values.delete(key),
  } as unknown as Storage;
}

test('what was answered is there in the next visit, for the named questions alone', async () => {
  const storage = memory();
  const first = new QueryClient();
  rememberQueries(first, storage, ['projects']);
  await first.fetchQuery({ queryKey: ['projects', 'there'], queryFn: async () => [{ id: 'sample' }] });
  await first.fetchQuery({ queryKey: ['secrets'], queryFn: async () => 'x' });
  const next = new QueryClient();
  rememberQueries(next, storage, ['projects']);
  expect(next.getQueryData(['projects', 'there'])).toEqual([{ id: 'sample' }]);
  expect(next.getQueryData(['secrets'])).toBe(undefined);
});

test('nothing of it is left for the next person at this browser', async () => {
  const storage = memory();
  const first = new QueryClient();
  rememberQueries(first, storage, ['projects']);
  await first.fetchQuery({ queryKey: ['projects', 'there'], queryFn: async () => [{ id: 'secret' }] });
  forgetQueries(storage);
  const next = new QueryClient();
  rememberQueries(next, storage, ['projects']);
  expect(next.getQueryData(['projects', 'there'])).toBe(undefined);
});

test('nonsense in storage is nothing remembered', () => {
  for (const junk of ['', '{', '{"a":1}', '[1,null,{"key":1,"at":1,"data":1}]']) {
    const storage = memory();
    storage.setItem('anneal.remembered', junk);
    expect(() => rememberQueries(new QueryClient(), storage, ['projects'])).not.toThrow();
  }
});
