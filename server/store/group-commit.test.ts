import { expect, test } from 'vitest';
import { serverErrors } from '../errors.ts';
import { GroupCommit } from './group-commit.ts';
import type { Committed, WriteUnit } from './write.ts';

const write = (path: string): WriteUnit => [
  { kind: 'append', project: 'p', path, generation: 1, creates: true, data: new Uint8Array() },
];

/** A disk whose commits end when the test says so. */
function disk() {
  const commits: {
    readonly paths: string[];
    end(error?: Error, replaced?: number[], failed?: number[]): void;
  }[] = [];
  let lsn = 0;
  const group = new GroupCommit(
    (units) =>
      new Promise<Committed>((resolve, reject) => {
        commits.push({
          paths: units.flat().map(({ path }) => path),
          end: (error, replaced = [], failed = []) => {
            lsn += units.length;
            const why = serverErrors.storeFailed({ message: 'not this one' }).toJSON();
            if (error === undefined)
              resolve({ lsn, replaced, failed: failed.map((index) => ({ index, why })) });
            else reject(error);
          },
        });
      }),
  );
  const begun = async (count: number) => expect.poll(() => commits.length).toBe(count);
  return { group, commits, begun };
}

test('what is written in one turn is one commit, and what comes meanwhile is the next one', async () => {
  const { group, commits, begun } = disk();
  const first = [group.write(write('a')), group.write(write('b'))];
  await begun(1);
  const second = [group.write(write('c')), group.write(write('d'))];
  await Promise.resolve();
  second.push(group.write(write('e')));
  expect(commits.map(({ paths }) => paths)).toEqual([['a', 'b']]);
  commits[0]?.end();
  expect(await Promise.all(first)).toEqual([{ lsn: 2 }, { lsn: 2 }]);
  await begun(2);
  expect(commits[1]?.paths).toEqual(['c', 'd', 'e']);
  commits[1]?.end();
  expect((await Promise.all(second)).at(-1)).toEqual({ lsn: 5 });
});

test('a commit that fails fails for all that was in it, and the next one is made', async () => {
  const { group, commits, begun } = disk();
  const first = Promise.allSettled([group.write(write('a')), group.write(write('b'))]);
  await begun(1);
  const second = group.write(write('c'));
  let idle = false;
  const waiting = group.idle().then(() => {
    idle = true;
  });
  commits[0]?.end(new Error('the disk is full'));
  expect((await first).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  await begun(2);
  expect(idle).toBe(false);
  commits[1]?.end();
  await second;
  await waiting;
});

test('what is refused because its document was replaced fails alone', async () => {
  const { group, commits, begun } = disk();
  const writes = ['a', 'b', 'c'].map((path) => group.write(write(path)));
  const results = Promise.allSettled(writes);
  await begun(1);
  commits[0]?.end(undefined, [1]);
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  await expect(writes[1]).rejects.toMatchObject({ code: serverErrors.documentReplaced.code, where: 'b' });
});

test('what cannot be written fails alone, and says why', async () => {
  const { group, commits, begun } = disk();
  const writes = ['a', 'b', 'c'].map((path) => group.write(write(path)));
  const results = Promise.allSettled(writes);
  await begun(1);
  commits[0]?.end(undefined, [], [2]);
  expect((await results).map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await expect(writes[2]).rejects.toMatchObject({
    code: serverErrors.storeFailed.code,
    message: 'not this one',
  });
});
