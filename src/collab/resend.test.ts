import { expect, test, vi } from 'vitest';
import type { ConnectionState } from './connection.ts';
import { createResend } from './resend.ts';
import type { Room, RoomState } from './room.ts';
import { until } from './testing/page.ts';

/** Longer than any machine takes to say what is on the server: only the test of giving up waits for it. */
const GIVE_UP_MS = 60_000;

/** Documents that are on the server when the test says so. */
function setUp(unsaved: readonly string[], furthest = 0) {
  const open = new Map<string, (connection: ConnectionState) => void>();
  const released: string[] = [];
  const asked: number[] = [];
  const resend = createResend({
    store: {
      unsaved: async (epoch) => {
        asked.push(epoch);
        return unsaved.filter((name) => !released.includes(name));
      },
      rooms: async () => [...unsaved, 'p/saved.md'],
      furthest: async (epoch) => (epoch === 7 ? furthest : 0),
    },
    giveUpMs: GIVE_UP_MS,
    doubtMs: 100,
    use(project, path) {
      const name = `${project}/${path}`;
      const listeners = new Set<() => void>();
      let connection: ConnectionState = { kind: 'connecting' };
      open.set(name, (next) => {
        connection = next;
        for (const listener of listeners) listener();
      });
      const room = {
        get state(): Pick<RoomState, 'connection'> {
          return { connection };
        },
        subscribe: (listener: () => void) => {
          listeners.add(listener);
          return () => listeners.delete(listener);
        },
      } as unknown as Room;
      return {
        room: Promise.resolve(room),
        release: () => {
          open.delete(name);
          released.push(name);
        },
      };
    },
  });
  const say = (name: string, connection: ConnectionState): void => open.get(name)?.(connection);
  return { resend, open, released, asked, say };
}

const saved: ConnectionState = { kind: 'synced', saved: true };
const names = ['p/a.md', 'p/b.md', 'p/deep/c.md', 'q/d.md', 'q/e.md'];

test('closed documents with something that the server does not have are sent, a few at a time', async () => {
  const { resend, open, released, say } = setUp([...names, 'p/old.md~2026-01-02T03:04:05.678Z']);
  resend.learned({ epoch: 7, lsn: 1 }, null);
  await until(() => open.size === 3);
  expect([...open.keys()]).toEqual(names.slice(0, 3));
  say('p/b.md', { kind: 'synced', saved: false });
  expect(released).toEqual([]); // it is there, and not yet on the disk
  say('p/b.md', saved);
  await until(() => open.has('q/d.md'));
  say('p/a.md', { kind: 'refused', code: 4404, reason: '' });
  await until(() => open.has('q/e.md'));
  for (const name of names) say(name, saved);
  await resend.settled();
  expect([...released].sort()).toEqual([...names].sort());
});

test('a new epoch is looked into once, however many documents tell it, and again after the next', async () => {
  const { resend, asked, open, say } = setUp(['p/a.md']);
  resend.learned({ epoch: 7, lsn: 1 }, null);
  resend.learned({ epoch: 7, lsn: 2 }, { epoch: 6, lsn: 9 });
  await until(() => open.size === 1);
  resend.learned({ epoch: 7, lsn: 3 }, null); // the document that was opened says so, too
  resend.learned({ epoch: 8, lsn: 1 }, null);
  say('p/a.md', saved);
  await resend.settled();
  expect(asked).toEqual([7, 8]);
});

test('a server that has less than it said, and does not catch up, counts as having nothing', async () => {
  const { resend, open, say } = setUp([]);
  resend.learned({ epoch: 7, lsn: 1 }, { epoch: 7, lsn: 5 });
  await until(() => open.size === 1);
  expect([...open.keys()]).toEqual(['p/saved.md']);
  say('p/saved.md', saved);
  await resend.settled();
});

test('it counts, too, where only a closed document says that it had more', async () => {
  vi.useFakeTimers();
  try {
    const { resend, open, released, say } = setUp([], 9);
    resend.learned({ epoch: 7, lsn: 5 }, { epoch: 7, lsn: 5 });
    await vi.advanceTimersByTimeAsync(110);
    expect([...open.keys()]).toEqual(['p/saved.md']);
    say('p/saved.md', saved);
    await resend.settled();
    // One that could not be sent, and still says 9, is no reason to begin again with every connection.
    resend.learned({ epoch: 7, lsn: 6 }, null);
    await vi.advanceTimersByTimeAsync(1_000);
    await resend.settled();
    expect(released).toEqual(['p/saved.md']);
  } finally {
    vi.useRealTimers();
  }
});

test('a server that is put back while the page is open is noticed', async () => {
  vi.useFakeTimers();
  try {
    const { resend, open, say } = setUp([]);
    resend.learned({ epoch: 7, lsn: 5 }, null);
    resend.heard({ epoch: 7, lsn: 9 });
    await vi.advanceTimersByTimeAsync(1_000);
    expect(open.size).toBe(0);
    resend.learned({ epoch: 7, lsn: 4 }, null);
    await vi.advanceTimersByTimeAsync(110);
    expect([...open.keys()]).toEqual(['p/saved.md']);
    say('p/saved.md', saved);
    await resend.settled();
  } finally {
    vi.useRealTimers();
  }
});

test('a server that is behind the others for a moment is no reason to send everything again', async () => {
  vi.useFakeTimers();
  try {
    const { resend, released, open } = setUp([]);
    resend.learned({ epoch: 7, lsn: 1 }, { epoch: 7, lsn: 5 });
    await vi.advanceTimersByTimeAsync(50);
    resend.heard({ epoch: 7, lsn: 6 });
    await vi.advanceTimersByTimeAsync(1_000);
    await resend.settled();
    expect([open.size, released.length]).toEqual([0, 0]);
  } finally {
    vi.useRealTimers();
  }
});

test('a document that cannot be sent now holds nobody up for ever', async () => {
  vi.useFakeTimers();
  try {
    const { resend, released } = setUp(['p/a.md']);
    resend.learned({ epoch: 7, lsn: 1 }, null);
    await vi.advanceTimersByTimeAsync(GIVE_UP_MS - 1);
    expect(released).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    await resend.settled();
    expect(released).toEqual(['p/a.md']);
  } finally {
    vi.useRealTimers();
  }
});
