import { expect, test } from 'vitest';
import { createMemorySettings } from '../../storage/memory/settings.ts';
import { createUnsent, unsentKey } from './unsent.ts';

const keyOf = (hash: string): string => unsentKey('p', hash.repeat(64));
const [a, b, c] = [keyOf('a'), keyOf('b'), keyOf('c')];

test('two tabs that remember and forget at the same moment lose nothing of each other', async () => {
  const settings = createMemorySettings();
  const [one, other] = [createUnsent(settings), createUnsent(settings)];
  await Promise.all([one.add(a), other.add(b)]);
  expect((await one.read()).toSorted()).toEqual([a, b]);
  await Promise.all([one.remove(a), other.add(c), other.add(b)]);
  expect((await other.read()).toSorted()).toEqual([b, c]);
});

test('what a tab remembers and forgets at once happens in that order', async () => {
  const unsent = createUnsent(createMemorySettings());
  await Promise.all([unsent.add(a), unsent.remove(a), unsent.add(b)]);
  expect(await unsent.read()).toEqual([b]);
});
