import { expect, onTestFinished, test } from 'vitest';
import type { ReviewPerson } from '../../src/protocol/review.ts';
import { EditWatch, type Sender } from './edit-watch.ts';

const ada = { id: 'ada', name: 'Ada' };
const bob = { id: 'bob', name: 'Bob' };
const file = { project: 'p', path: 'a.yaml' };
const other = { project: 'p', path: 'b.yaml' };

const at = (person: ReviewPerson | null): Sender => ({ who: () => person, socket: {} });
const [atAda, atBob] = [at(ada), at(bob)];

function watched(write: (path: string) => boolean = () => true) {
  let now = 0;
  const paused: { readonly path: string; readonly sent: readonly unknown[] }[] = [];
  const watch = new EditWatch(
    { elapsed: () => now },
    { pauseMs: 30, longestMs: 100, lookMs: 2 ** 30 },
    async ({ path }, sent) => {
      if (!write(path)) return false;
      const turns = [...sent].map(([client, all]) => [client, ...all.map(({ from, by }) => [from, by.id])]);
      paused.push({ path, sent: turns });
      return true;
    },
  );
  onTestFinished(() => watch.close());
  const wait = (time: number): void => {
    now = time;
  };
  return { watch, paused, wait };
}

test('a text that nobody has edited for a while is told once, with who wrote it', async () => {
  const { watch, paused, wait } = watched();
  watch.edited(file, atAda, new Map([[1, 0]]));
  wait(10);
  watch.edited(file, atBob, new Map([[2, 0]]));
  watch.edited(other, atBob, new Map([[3, 7]]));
  wait(39);
  await watch.look();
  expect(paused).toEqual([]);
  wait(40);
  await watch.look();
  await watch.look();
  expect(paused).toEqual([
    {
      path: 'a.yaml',
      sent: [
        [1, [0, 'ada']],
        [2, [0, 'bob']],
      ],
    },
    { path: 'b.yaml', sent: [[3, [7, 'bob']]] },
  ]);
});

test('who never pauses is told all the same, and a stop tells everything', async () => {
  const { watch, paused, wait } = watched();
  for (let time = 0; time <= 100; time += 10) {
    wait(time);
    watch.edited(file, atAda, new Map([[1, time]]));
  }
  await watch.look();
  expect(paused).toEqual([{ path: 'a.yaml', sent: [[1, [0, 'ada']]] }]);
  watch.edited(other, atAda, new Map([[1, 0]]));
  await watch.close();
  expect(paused).toHaveLength(2);
});

test('who goes on under the client of another is told as himself, from where he did', async () => {
  const { watch, paused } = watched();
  watch.edited(file, atAda, new Map([[1, 0]]));
  watch.edited(file, atBob, new Map([[1, 5]]));
  watch.edited(file, atBob, new Map([[1, 6]]));
  watch.edited(file, at(ada), new Map([[1, 9]]));
  await watch.look(true);
  const turns = [
    [0, 'ada'],
    [5, 'bob'],
    [9, 'ada'],
  ];
  expect(paused).toEqual([{ path: 'a.yaml', sent: [[1, ...turns]] }]);
  // By turns for ever: memory has an end.
  for (let clock = 0; clock < 1_000; clock++)
    watch.edited(other, clock % 2 === 0 ? atAda : atBob, new Map([[1, clock]]));
  expect(watch.sent(other).get(1)?.length).toBeLessThanOrEqual(100);
});

test('somebody is asked for once a socket, not for every letter', () => {
  const { watch } = watched();
  let asked = 0;
  const sender = { who: () => (++asked === 0 ? null : ada), socket: {} };
  for (let clock = 0; clock < 50; clock++) watch.edited(file, sender, new Map([[1, clock]]));
  expect(asked).toBe(1);
});

test('editors count until a version takes them, also those who only deleted', async () => {
  const { watch, paused } = watched();
  watch.edited(file, at(null), new Map([[1, 0]]));
  watch.edited(file, atAda, new Map([[1, 3]]));
  expect(watch.takeEditors(file)).toEqual([ada]);
  watch.edited(file, atBob, new Map());
  expect(watch.takeEditors(file)).toEqual([bob]);
  expect(watch.takeEditors(file)).toEqual([]);
  watch.giveBackEditors(file, [bob]);
  expect(watch.takeEditors(file)).toEqual([bob]);
  await watch.look(true);
  expect(paused).toEqual([{ path: 'a.yaml', sent: [[1, [3, 'ada']]] }]);
});

test('what could not be written down is tried again, with what came since', async () => {
  let works = false;
  const { watch, paused, wait } = watched(() => works);
  watch.edited(file, atAda, new Map([[1, 0]]));
  wait(30);
  const looked = watch.look();
  watch.edited(file, atBob, new Map([[2, 0]])); // while it is being written down
  expect([...watch.sent(file).keys()]).toEqual([1, 2]);
  await looked;
  works = true;
  await watch.look();
  expect(paused).toEqual([]); // not at once again
  wait(60);
  await watch.look();
  expect(paused).toEqual([
    {
      path: 'a.yaml',
      sent: [
        [1, [0, 'ada']],
        [2, [0, 'bob']],
      ],
    },
  ]);
  expect(watch.sent(file).size).toBe(0);
});

test('what was gathered of a file goes with it when it is renamed', async () => {
  const { watch, paused } = watched((path) => {
    if (path === 'a.yaml') watch.moved(file, 'b.yaml');
    return path !== 'a.yaml';
  });
  watch.edited(file, atAda, new Map([[1, 0]]));
  watch.edited(other, atBob, new Map([[2, 0]]));
  await watch.close();
  expect(paused.at(-1)).toEqual({ path: 'b.yaml', sent: [[1, [0, 'ada']]] });
  expect(paused[0]).toEqual({ path: 'b.yaml', sent: [[2, [0, 'bob']]] });
  expect(watch.takeEditors(other).map(({ id }) => id)).toEqual(['bob', 'ada']);
  expect(watch.takeEditors(file)).toEqual([]);
});

test('one edit that names thousands of clients asks once who sent it', async () => {
  const { watch } = watched();
  let asked = 0;
  const clients = new Map(Array.from({ length: 2_000 }, (_, client) => [client, 0]));
  const sender = (person: ReviewPerson | null): Sender => ({
    who: () => {
      asked++;
      return person;
    },
    socket: {},
  });
  watch.edited(file, sender(null), clients);
  expect(asked).toBe(1);
  watch.edited(file, sender(ada), clients);
  expect(asked).toBe(2);
  expect(watch.sent(file).size).toBe(2_000);
});
