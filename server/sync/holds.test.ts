import { afterEach, expect, test, vi } from 'vitest';
import { MemoryHub } from '../testing/memory-fanout.ts';
import { type Held, Holds } from './holds.ts';

const name = { project: 'p', path: 'notes.md' };
const CODE = 4410;

afterEach(() => vi.useRealTimers());

/** A server that writes down what it is asked, and is slow to let go of its documents when told to be. */
async function server(hub: MemoryHub, id: number, log: string[], slow: Promise<void> = Promise.resolve()) {
  const held: Held = {
    hold: async ({ path }, _code, reason, until) => {
      log.push(`${id} holds ${path}: ${reason}`);
      await slow;
      log.push(`${id} has let go`);
      void until.then(() => log.push(`${id} opens again`));
    },
    shutProject: (project) => log.push(`${id} shuts ${project}`),
  };
  const holds = new Holds(hub.server(id), held);
  await holds.open();
  return holds;
}

test('a document is taken when every other server has let go of it, and opened again when it is released', async () => {
  const hub = new MemoryHub();
  const log: string[] = [];
  let finish = (): void => undefined;
  const slow = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const first = await server(hub, 1, log);
  await server(hub, 2, log, slow);
  await server(hub, 3, log);
  const taking = first.take(name, CODE, 'moved').then((taken) => {
    log.push('taken');
    return taken;
  });
  await vi.waitFor(() => expect(log).toContain('3 has let go'));
  expect(log).not.toContain('taken');
  finish();
  const taken = await taking;
  expect(log).toEqual([
    '2 holds notes.md: moved',
    '3 holds notes.md: moved',
    '3 has let go',
    '2 has let go',
    'taken',
  ]);
  await taken.release();
  await vi.waitFor(() => expect(log.slice(5).sort()).toEqual(['2 opens again', '3 opens again']));
});

test('two servers that wish for the same document have it one after the other', async () => {
  const hub = new MemoryHub();
  const log: string[] = [];
  const first = await server(hub, 1, log);
  const second = await server(hub, 2, log);
  const taken = await first.take(name, CODE, 'moved');
  const next = second.take(name, CODE, 'deleted');
  const other = await second.take({ ...name, path: 'other.md' }, CODE, 'moved'); // another one is free
  expect(log.filter((line) => line.startsWith('1 holds'))).toEqual(['1 holds other.md: moved']);
  await other.release();
  await taken.release();
  await (await next).release();
  expect(log).toContain('1 holds notes.md: deleted');
});

test('a server that does not answer is taken for dead', async () => {
  vi.useFakeTimers();
  const hub = new MemoryHub();
  const first = await server(hub, 1, []);
  await server(hub, 2, [], new Promise(() => undefined));
  let taken = false;
  const taking = first.take(name, CODE, 'moved').then(() => {
    taken = true;
  });
  await vi.advanceTimersByTimeAsync(4_900);
  expect(taken).toBe(false);
  await vi.advanceTimersByTimeAsync(200);
  await taking;
});

test('what a server that died had others hold is over by itself', async () => {
  vi.useFakeTimers();
  const hub = new MemoryHub();
  const log: string[] = [];
  const first = await server(hub, 1, log);
  await server(hub, 2, log);
  const taking = first.take(name, CODE, 'moved');
  await vi.advanceTimersByTimeAsync(100);
  await taking;
  hub.reach = () => false;
  await vi.advanceTimersByTimeAsync(29_000);
  expect(log).not.toContain('2 opens again');
  await vi.advanceTimersByTimeAsync(2_000);
  expect(log).toContain('2 opens again');
});

test('a deleted project is shut at the others', async () => {
  const hub = new MemoryHub();
  const log: string[] = [];
  const first = await server(hub, 1, log);
  await server(hub, 2, log);
  first.shutProject('p', CODE, 'deleted');
  await vi.waitFor(() => expect(log).toEqual(['2 shuts p']));
});
