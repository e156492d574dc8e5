import { expect, test, vi } from 'vitest';
import { type AuditLine, STRANGER } from './line.ts';
import { Repeated } from './repeated.ts';

/** What is written at once, and what at the end of the minute. */
function log() {
  const written: AuditLine[] = [];
  const repeated = new Repeated(
    async (line) => void written.push(line),
    (error) => expect.fail(String(error)),
  );
  const refused = (actor: string, n: number) =>
    repeated.add({ actor, action: 'deleteProject', target: `project=p${n}`, outcome: 'ANN-PRO-031' });
  const edited = (actor: string, path: string) =>
    repeated.add({ actor, action: 'document.edited', target: `project=p path=${path}` });
  return { written, repeated, refused, edited };
}

const of = (lines: readonly AuditLine[], actor: string) => lines.filter((line) => line.actor === actor);

test('whoever is refused a thousand things hides nothing that another does or tries', async () => {
  const { written, repeated, refused, edited } = log();
  for (let n = 0; n < 20_000; n++) await refused(`user:eve${n % 100}`, n);
  await edited('user:ada', 'notes.md');
  await refused('user:bob', 1);
  expect(of(written, 'user:ada')).toHaveLength(1);
  expect(of(written, 'user:bob')).toHaveLength(1);
  expect(of(written, 'user:eve7')).toHaveLength(100);
  written.length = 0;
  await repeated.close();
  // How many more there were is said of each by itself.
  const many = { actor: 'server', action: 'audit.many', target: 'user:eve7', detail: { again: 100 } };
  expect(written.filter(({ target }) => target === 'user:eve7')).toEqual([many]);
});

test('what was done is a line for each thing, however many there are', async () => {
  const { written, edited } = log();
  for (let n = 0; n < 6_000; n++) await edited('user:eve', `${n}.md`);
  for (let n = 0; n < 10; n++) await edited('user:ada', 'notes.md');
  expect(of(written, 'user:eve')).toHaveLength(6_000);
  // So many kinds are more than are remembered: then each time is a line, and none is counted with others.
  expect(of(written, 'user:ada')).toHaveLength(10);
});

test('whoever opens a thousand paths, which need not exist, leaves a hundred lines, and the number of the rest in each project', async () => {
  const { written, repeated, refused, edited } = log();
  const opened = (actor: string, project: string, n: number) =>
    repeated.add({ actor, action: 'document.opened', target: `project=${project} path=${n}.md`, project });
  for (let n = 0; n < 1_000; n++) await opened('key:eve', n % 2 === 0 ? 'p' : 'q', n);
  expect(of(written, 'key:eve')).toHaveLength(100);
  // It hides nothing that he is refused or does, nor what others open.
  await refused('key:eve', 1);
  await edited('key:eve', '1.md');
  await opened('user:ada', 'p', 1);
  expect(of(written, 'key:eve')).toHaveLength(102);
  expect(of(written, 'user:ada')).toHaveLength(1);
  written.length = 0;
  await repeated.close();
  const many = { actor: 'server', action: 'audit.many', target: 'key:eve' };
  expect(written).toEqual([
    { ...many, project: 'p', detail: { again: 450, of: 'document.opened' } },
    { ...many, project: 'q', detail: { again: 450, of: 'document.opened' } },
  ]);
});

test('of strangers it does not matter what they say was done', async () => {
  const { written, repeated } = log();
  for (let n = 0; n < 500; n++) await repeated.add({ actor: STRANGER, action: 'signOut', target: `${n}` });
  expect(written).toHaveLength(100);
});

test('a minute later everybody has a new budget', async () => {
  vi.useFakeTimers();
  try {
    const { written, refused } = log();
    for (let n = 0; n < 150; n++) await refused('user:eve', n);
    expect(of(written, 'user:eve')).toHaveLength(100);
    await vi.advanceTimersByTimeAsync(60_000);
    await refused('user:eve', 149);
    expect(of(written, 'user:eve')).toHaveLength(101);
  } finally {
    vi.useRealTimers();
  }
});
