import { expect, onTestFinished, test } from 'vitest';
import type { AnnealError } from '../../src/base/error.ts';
import { serverErrors } from '../errors.ts';
import type { LogPart } from '../store/requests/documents.ts';
import type { Store } from '../store/store.ts';
import { CatchUp } from './catch-up.ts';

interface Row {
  readonly seq: number;
  readonly path: string;
  readonly text: string;
  readonly generation?: number;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

/** A log that others write to, and rooms that write down what they are given. */
function world() {
  const rows: Row[] = [];
  const snapshots = new Map<string, { readonly upto: number; readonly text: string }>();
  const rooms = new Map<string, string[]>();
  const abandoned: string[] = [];
  let broken = false;
  const store = {
    lsn: 0,
    async call(name: string, input: { after: number; limit: number; path: string }): Promise<unknown> {
      if (broken) throw new Error('the database is away');
      const after = rows.filter(({ seq }) => seq > input.after);
      if (name === 'logAfter') {
        const part = after.slice(0, input.limit);
        return {
          rows: part.map(({ path, text, generation = 1 }) => ({
            project: 'p',
            path,
            generation,
            data: bytes(text),
          })),
          compacted: [...snapshots].flatMap(([path, { upto }]) =>
            upto > input.after ? [{ project: 'p', path, generation: 1 }] : [],
          ),
          seq: Math.max(
            input.after,
            part.at(-1)?.seq ?? 0,
            ...[...snapshots.values()].map(({ upto }) => upto),
          ),
          more: part.length === input.limit,
        } satisfies LogPart;
      }
      const snapshot = snapshots.get(input.path);
      const mine = after.filter(({ path }) => path === input.path);
      return {
        snapshot: snapshot !== undefined && snapshot.upto > input.after ? bytes(snapshot.text) : null,
        updates: mine.map(({ text }) => bytes(text)),
        generation: 1,
      };
    },
  };
  const open = (path: string): string[] => {
    const given: string[] = [];
    rooms.set(path, given);
    return given;
  };
  const find = ({ path }: { readonly path: string }) => {
    const given = rooms.get(path);
    if (given === undefined) return undefined;
    return {
      adopt: async (updates: readonly Uint8Array[], generation: number) => {
        const texts = updates.map((data) => new TextDecoder().decode(data));
        if (texts.includes('poison')) throw new Error('it cannot be applied');
        if (generation === 1) given.push(...texts);
        return generation === 1;
      },
      abandon: (error: AnnealError) => {
        abandoned.push(`${path} ${error.code}`);
        rooms.delete(path);
      },
    };
  };
  const catchUp = new CatchUp(store as unknown as Store, find, 3_600_000);
  onTestFinished(() => catchUp.stop());
  return {
    rows,
    snapshots,
    abandoned,
    open,
    catchUp,
    breakDown: (value: boolean) => {
      broken = value;
    },
  };
}

test('rooms are given what came into the log since, in order, each row once', async () => {
  const { rows, open, catchUp } = world();
  const notes = open('notes.md');
  rows.push({ seq: 1, path: 'notes.md', text: 'a' }, { seq: 2, path: 'closed.md', text: 'x' });
  await catchUp.look();
  rows.push({ seq: 5, path: 'notes.md', text: 'b' });
  await Promise.all([catchUp.look(), catchUp.look()]);
  expect(notes).toEqual(['a', 'b']);
  expect(catchUp.seen).toBe(5);
});

test('more than fits in one go is read in several', async () => {
  const { rows, open, catchUp } = world();
  const notes = open('notes.md');
  for (let seq = 1; seq <= 2_500; seq++) rows.push({ seq, path: 'notes.md', text: String(seq) });
  await catchUp.look();
  expect(notes).toEqual(Array.from({ length: 2_500 }, (_, i) => String(i + 1)));
});

test('what a snapshot took out of the log is taken from the snapshot', async () => {
  const { rows, snapshots, open, catchUp } = world();
  const notes = open('notes.md');
  snapshots.set('notes.md', { upto: 7, text: 'state' });
  snapshots.set('closed.md', { upto: 6, text: 'of no room here' });
  rows.push({ seq: 8, path: 'notes.md', text: 'tail' });
  await catchUp.look();
  expect(new Set(notes)).toEqual(new Set(['state', 'tail']));
  expect(catchUp.seen).toBe(8);
});

test('when the database is away nothing is skipped', async () => {
  const { rows, open, catchUp, breakDown } = world();
  const notes = open('notes.md');
  rows.push({ seq: 3, path: 'notes.md', text: 'a' });
  breakDown(true);
  await expect(catchUp.look()).rejects.toThrow('away');
  expect(catchUp.seen).toBe(0);
  breakDown(false);
  await catchUp.look();
  expect(notes).toEqual(['a']);
});

test('a room that cannot take what was written is given up, and the others get theirs', async () => {
  const { rows, open, catchUp, abandoned } = world();
  open('poisoned.md');
  open('begun anew.md');
  const notes = open('notes.md');
  rows.push(
    { seq: 1, path: 'poisoned.md', text: 'poison' },
    { seq: 2, path: 'begun anew.md', text: 'of the next generation', generation: 2 },
    { seq: 3, path: 'notes.md', text: 'a' },
  );
  await catchUp.look();
  expect(notes).toEqual(['a']);
  expect(abandoned).toEqual([
    `poisoned.md ${serverErrors.storeFailed.code}`,
    `begun anew.md ${serverErrors.documentReplaced.code}`,
  ]);
  rows.push({ seq: 4, path: 'notes.md', text: 'b' });
  await catchUp.look();
  expect(notes).toEqual(['a', 'b']);
});
