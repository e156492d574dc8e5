import { expect, test } from 'vitest';
import { createMemorySettings } from '../../storage/memory/settings.ts';
import { createUnsent, unsentKey } from './unsent.ts';

const keyOf = (hash: string): string => unsentKey('p', hash.repeat(64));
const [a, b, c] = [keyOf('a'), keyOf('b'), keyOf('c')];

test('two tabs that remember and forget at the same moment lose nothing of each other', async () => {
  const settings = createMemorySettings();
  const [one, other] = [createUnsent(settings, 'ada'), createUnsent(settings, 'ada')];
  await Promise.all([one.add(a), other.add(b)]);
  expect((await one.read()).toSorted()).toEqual([a, b]);
  await Promise.all([one.drop(a), other.add(c), other.add(b)]);
  expect((await other.read()).toSorted()).toEqual([b, c]);
});

test('what a tab remembers and forgets at once happens in that order', async () => {
  const unsent = createUnsent(createMemorySettings(), null);
  await Promise.all([unsent.add(a), unsent.drop(a), unsent.add(b)]);
  expect(await unsent.read()).toEqual([b]);
});

test('each has a list of his own, of which nobody else takes anything away', async () => {
  const settings = createMemorySettings();
  const [ada, bob, nobody] = ['ada', 'bob', null].map((person) => createUnsent(settings, person));
  await ada?.add(a);
  await nobody?.add(b);
  for (const other of [bob, nobody]) {
    expect(await other?.read()).not.toContain(a);
    await other?.drop(a);
    await other?.sent(a);
  }
  expect(await ada?.read()).toEqual([a]);
  expect(await nobody?.read()).toEqual([b]);
  await ada?.drop(b);
  expect(await nobody?.read()).toEqual([b]);
});

test('what an earlier version kept is nobody’s: whoever opens its project sends it, then it is over', async () => {
  const settings = createMemorySettings();
  await settings.set('artifacts.unsent', [a, b, unsentKey('other', 'c'.repeat(64))]);
  const ada = createUnsent(settings, 'ada');
  expect(await ada.read()).toEqual([]);
  expect(await ada.ofNobody('p')).toEqual([a, b]);
  await ada.sent(a);
  expect(await ada.ofNobody('p')).toEqual([b]);
  expect(await createUnsent(settings, null).read()).toHaveLength(2);
  expect(await createUnsent(settings, null).ofNobody('p')).toEqual([]); // they are his own
});
