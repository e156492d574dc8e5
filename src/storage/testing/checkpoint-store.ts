import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CheckpointStore } from '../../engine/training/checkpoint-store.ts';

/** What every CheckpointStore does; each adapter's test file calls it with a fresh, empty store per test. */
export function checkpointStoreAcceptance(open: () => Promise<CheckpointStore>): void {
  const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

  test('gives back what was put, the last put of a name, byte for byte', async () => {
    const store = await open();
    await store.put('run', 'a', bytes(1, 2, 3));
    await store.put('run', 'a', bytes(4));
    await store.put('run', 'a.b', bytes());
    await store.put('other', 'a', bytes(9, 9));
    expect([...((await store.get('run', 'a')) ?? [])]).toEqual([4]);
    expect(await store.get('run', 'a.b')).toHaveLength(0);
    expect([...((await store.get('other', 'a')) ?? [])]).toEqual([9, 9]);
  });

  test('what is not there is null, an empty list, and may be removed', async () => {
    const store = await open();
    expect(await store.get('nobody', 'a')).toBeNull();
    expect(await store.list('nobody')).toEqual([]);
    await store.remove('nobody');
    await store.remove('nobody', 'a');
    await store.put('run', 'a', bytes(1));
    expect(await store.get('run', 'b')).toBeNull();
  });

  test('lists names with their sizes, of one run only', async () => {
    const store = await open();
    await store.put('run', 'b', bytes(1, 2));
    await store.put('run', 'b', bytes(1, 2, 3));
    await store.put('run', 'a', bytes());
    await store.put('other', 'c', bytes(1));
    expect(await store.list('run')).toEqual([
      { name: 'a', bytes: 0 },
      { name: 'b', bytes: 3 },
    ]);
  });

  test('removes one name, or the whole run', async () => {
    const store = await open();
    for (const name of ['a', 'b', 'c']) await store.put('run', name, bytes(1));
    await store.remove('run', 'b');
    expect((await store.list('run')).map((entry) => entry.name)).toEqual(['a', 'c']);
    await store.remove('run');
    expect(await store.list('run')).toEqual([]);
    expect(await store.get('run', 'a')).toBeNull();
  });

  test('keeps its own copy: later changes to the array are not stored', async () => {
    const store = await open();
    const mine = bytes(1, 2, 3);
    await store.put('run', 'a', mine);
    mine.fill(0);
    expect([...((await store.get('run', 'a')) ?? [])]).toEqual([1, 2, 3]);
  });

  test('refuses names that would leave its folder', async () => {
    const store = await open();
    for (const name of ['', '.', '..', '../x', 'a/b', 'a\\b', '.hidden', 'a b', 'x'.repeat(201)]) {
      const refused = expect.objectContaining({ code: 'ANN-STO-005' });
      await expect(store.put('run', name, bytes(1))).rejects.toEqual(refused);
      await expect(store.put(name, 'a', bytes(1))).rejects.toEqual(refused);
    }
  });

  test('any sequence of puts and removes equals a map', async () => {
    const name = fc.constantFrom('a', 'b', 'a.1');
    const action = fc.oneof(
      fc.record({ put: name, bytes: fc.uint8Array({ maxLength: 50 }) }),
      fc.record({ remove: name }),
    );
    let runs = 0;
    const store = await open();
    await fc.assert(
      fc.asyncProperty(fc.array(action, { maxLength: 12 }), async (actions) => {
        const run = `run${runs++}`;
        const model = new Map<string, number[]>();
        for (const step of actions) {
          if ('put' in step) {
            await store.put(run, step.put, step.bytes);
            model.set(step.put, [...step.bytes]);
          } else {
            await store.remove(run, step.remove);
            model.delete(step.remove);
          }
        }
        expect((await store.list(run)).map((entry) => entry.name)).toEqual([...model.keys()].sort());
        for (const [key, value] of model) expect([...((await store.get(run, key)) ?? [])]).toEqual(value);
      }),
      { numRuns: 30 },
    );
  });
}
