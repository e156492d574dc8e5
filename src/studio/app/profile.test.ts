import { expect, test } from 'vitest';
import { createProfileStore } from './profile.ts';

function memory(initial: Record<string, string> = {}, writable = true): Storage {
  const values = new Map(Object.entries(initial));
  return {
    getItem: (key: string) => values.get(key) ?? null,
    setItem: (key: string, value: string) => {
      if (!writable) throw new Error('blocked');
      values.set(key, value);
    },
  } as unknown as Storage;
}

test('a name of its own at first, the same one from then on', () => {
  const storage = memory();
  const first = createProfileStore(
    storage,
    () => 0,
    () => 'id-1',
  );
  expect(first.current()).toEqual({ id: 'id-1', name: 'Brisk Badger' });
  first.rename('  Ada  ');
  expect(
    createProfileStore(
      storage,
      () => 0.5,
      () => 'id-2',
    ).current(),
  ).toEqual({ id: 'id-1', name: 'Ada' });
});

test('nonsense in storage, and storage that is blocked, cost nothing but the memory', () => {
  for (const junk of ['', '{', '[]', '{"id":1,"name":"x"}', '{"id":"a","name":"  "}']) {
    expect(
      createProfileStore(
        memory({ 'anneal.profile': junk }),
        () => 0,
        () => 'id',
      ).current().id,
    ).toBe('id');
  }
  const blocked = createProfileStore(
    memory({}, false),
    () => 0,
    () => 'id',
  );
  blocked.rename('Ada');
  expect(blocked.current().name).toBe('Ada');
  blocked.rename(' ');
  expect(blocked.current().name).toBe('Ada');
});
