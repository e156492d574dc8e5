import { expect, onTestFinished, test } from 'vitest';
import type { ReviewPerson } from '../../src/protocol/review.ts';
import { EditWatch } from './edit-watch.ts';

const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };
const file = { project: 'p', path: 'a.yaml' };
const other = { project: 'p', path: 'b.yaml' };

function watched() {
  let now = 0;
  const paused: { readonly path: string; readonly authors: readonly [number, ReviewPerson][] }[] = [];
  const watch = new EditWatch(
    { elapsed: () => now },
    { pauseMs: 30, longestMs: 100, lookMs: 2 ** 30 },
    async ({ path }, authors) => void paused.push({ path, authors: [...authors] }),
  );
  onTestFinished(() => watch.close());
  const at = (time: number): void => {
    now = time;
  };
  return { watch, paused, at };
}

test('a text that nobody has edited for a while is told once, with who wrote it', async () => {
  const { watch, paused, at } = watched();
  watch.edited(file, () => ada, [1]);
  at(10);
  watch.edited(file, () => bob, [2]);
  watch.edited(other, () => bob, [3]);
  at(39);
  await watch.look();
  expect(paused).toEqual([]);
  at(40);
  await watch.look();
  await watch.look();
  expect(paused).toEqual([
    {
      path: 'a.yaml',
      authors: [
        [1, ada],
        [2, bob],
      ],
    },
    { path: 'b.yaml', authors: [[3, bob]] },
  ]);
});

test('who never pauses is told all the same, and a stop tells everything', async () => {
  const { watch, paused, at } = watched();
  for (let time = 0; time <= 100; time += 10) {
    at(time);
    watch.edited(file, () => ada, [1]);
  }
  await watch.look();
  expect(paused).toHaveLength(1);
  watch.edited(other, () => ada, [1]);
  await watch.close();
  expect(paused).toHaveLength(2);
});

test('editors count until a version takes them, also those who only deleted; the first of a client stays', async () => {
  const { watch, paused } = watched();
  watch.edited(file, () => null, [1]);
  watch.edited(file, () => ada, [1]);
  watch.edited(file, () => bob, [1]);
  expect(watch.takeEditors(file)).toEqual([ada]);
  watch.edited(file, () => bob, []);
  expect(watch.takeEditors(file)).toEqual([bob]);
  expect(watch.takeEditors(file)).toEqual([]);
  await watch.look(true);
  expect(paused).toEqual([{ path: 'a.yaml', authors: [[1, ada]] }]);
});
