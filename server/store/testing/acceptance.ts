import fc from 'fast-check';
import { expect, onTestFinished, test } from 'vitest';
import { serverErrors } from '../../errors.ts';
import type { StoredDocument } from '../requests/documents.ts';
import type { Store } from '../store.ts';
import type { DocumentName } from '../write.ts';

/** A place where a store can be opened, closed and opened again. */
export interface Site {
  open(): Promise<Store>;
}

const name: DocumentName = { project: 'p', path: 'notes.md' };
const replaced = { code: serverErrors.documentReplaced.code };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const words = ({ updates }: StoredDocument): string[] =>
  updates.map((data) => new TextDecoder().decode(data));

/** What every store must do, whatever is below it. `site` is fresh for each test; it may skip the test. */
export function storeAcceptance(site: (context: { skip(note: string): never }) => Promise<Site>): void {
  const withProject = async ({ open }: Site): Promise<Store> => {
    const store = await open();
    onTestFinished(() => store.close());
    await store.call('createProject', { id: 'p', workspace: 'home', name: 'P', created: 1, seeds: [] });
    return store;
  };
  const append = (store: Store, text: string, to = name) =>
    store.write({ kind: 'append', ...to, generation: 1, creates: true, data: bytes(text) });

  test('what is written is there in order, and the log sequence numbers grow', async (context) => {
    const store = await withProject(await site(context));
    const first = await append(store, 'a');
    const [second, third] = await Promise.all([append(store, 'b'), append(store, 'c')]);
    const loaded = await store.call('loadDocument', name);
    expect(words(loaded)).toEqual(['a', 'b', 'c']);
    expect(loaded.snapshot).toBeNull();
    expect(second.lsn).toBeGreaterThan(first.lsn);
    expect(third.lsn).toBeGreaterThanOrEqual(second.lsn);
    expect(loaded.seq).toBe(third.lsn);
    expect(store.lsn).toBe(third.lsn);
  });

  test('only what came after a row is loaded where that is asked', async (context) => {
    const store = await withProject(await site(context));
    const { lsn } = await append(store, 'a');
    await append(store, 'b');
    expect(words(await store.call('loadDocument', { ...name, after: lsn }))).toEqual(['b']);
    const none = await store.call('loadDocument', { ...name, after: lsn + 1 });
    expect(none).toEqual({ snapshot: null, updates: [], seq: lsn + 1, generation: 1 });
  });

  test('a state takes the place of the rows that it holds, and of no later one', async (context) => {
    const store = await withProject(await site(context));
    const { lsn } = await append(store, 'a');
    await append(store, 'b');
    await store.call('compact', { ...name, generation: 1, state: bytes('A'), upto: lsn });
    const loaded = await store.call('loadDocument', name);
    expect(new TextDecoder().decode(loaded.snapshot ?? undefined)).toBe('A');
    expect(words(loaded)).toEqual(['b']);
    // Who saw less than the state holds is given the state; who saw all of it is not.
    expect((await store.call('loadDocument', { ...name, after: lsn - 1 })).snapshot).not.toBeNull();
    expect((await store.call('loadDocument', { ...name, after: lsn })).snapshot).toBeNull();
  });

  test('the log of all documents is read from any row on, in parts, with what became snapshots', async (context) => {
    const store = await withProject(await site(context));
    const other = { ...name, path: 'other.md' };
    const { lsn: first } = await append(store, 'a');
    const { lsn: second } = await append(store, 'b', other);
    const { lsn: third } = await append(store, 'c');
    const read = async (after: number, limit: number) => {
      const { rows, ...part } = await store.call('logAfter', { after, limit });
      return { ...part, rows: rows.map(({ path, data }) => `${path} ${new TextDecoder().decode(data)}`) };
    };
    const none = { compacted: [], more: false };
    expect(await read(first, 9)).toEqual({ ...none, rows: ['other.md b', 'notes.md c'], seq: third });
    expect(await read(0, 2)).toEqual({
      ...none,
      rows: ['notes.md a', 'other.md b'],
      seq: second,
      more: true,
    });
    expect(await read(third, 9)).toEqual({ ...none, rows: [], seq: third });
    await store.call('compact', { ...name, generation: 1, state: bytes('AC'), upto: third });
    const compacted = [{ ...name, generation: 1 }];
    expect(await read(second, 9)).toEqual({ ...none, rows: [], seq: third, compacted });
    expect(await read(third, 9)).toEqual({ ...none, rows: [], seq: third });
  });

  test('a state that holds less than the one that stands changes nothing', async (context) => {
    const store = await withProject(await site(context));
    const { lsn: early } = await append(store, 'a');
    const { lsn: late } = await append(store, 'b');
    await store.call('compact', { ...name, generation: 1, state: bytes('AB'), upto: late });
    await store.call('compact', { ...name, generation: 1, state: bytes('A'), upto: early });
    const loaded = await store.call('loadDocument', name);
    expect(new TextDecoder().decode(loaded.snapshot ?? undefined)).toBe('AB');
    expect(loaded.seq).toBe(late);
  });

  test('numbers of the log never come again, also when every row is gone and the store was closed', async (context) => {
    const place = await site(context);
    const store = await withProject(place);
    const { lsn } = await append(store, 'a');
    await store.call('compact', { ...name, generation: 1, state: bytes('A'), upto: lsn });
    await store.close();
    const again = await place.open();
    onTestFinished(() => again.close());
    expect((await append(again, 'b')).lsn).toBeGreaterThan(lsn);
  });

  test('a write that cannot be made fails alone, with all of its unit; the others of its commit are on disk', async (context) => {
    const place = await site(context);
    const store = await withProject(place);
    const { lsn: before } = await append(store, 'a');
    const at = (path: string) => ({ project: 'p', path });
    const nobodys = { kind: 'seed', ...name, project: 'nobody', data: bytes('x') } as const; // there is no such project
    const half = {
      kind: 'append',
      ...at('half.md'),
      generation: 1,
      creates: true,
      data: bytes('h'),
    } as const;
    const nothing = { ...half, ...at('nothing.md'), data: null as unknown as Uint8Array };
    const results = await Promise.allSettled([
      append(store, 'b'),
      store.write(nobodys),
      append(store, 'c', at('made.md')),
      store.write(half, nobodys),
      append(store, 'd', at('made.md')),
      store.write(nothing),
      append(store, 'e'),
      append(store, 'after what is not there', at('half.md')),
    ]);
    const made = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value.lsn] : []));
    expect(results.map(({ status }) => status === 'fulfilled')).toEqual([
      true,
      false,
      true,
      false,
      true,
      false,
      true,
      false,
    ]);
    for (const index of [1, 3, 7])
      expect(results[index]).toMatchObject({ reason: { code: serverErrors.storeFailed.code } });
    for (const lsn of made) expect(lsn).toBeGreaterThan(before);
    const { lsn: after } = await append(store, 'f'); // and the next ones are made
    expect(after).toBeGreaterThan(Math.max(...made));
    expect(store.lsn).toBe(after);
    await store.close();
    const again = await place.open();
    onTestFinished(() => again.close());
    expect(words(await again.call('loadDocument', name))).toEqual(['a', 'b', 'e', 'f']);
    expect(words(await again.call('loadDocument', at('made.md')))).toEqual(['c', 'd']);
    for (const path of ['half.md', 'nothing.md'])
      expect(await again.call('loadDocument', at(path))).toMatchObject({ generation: null, updates: [] });
  });

  test('renamed and removed for good in the same commit as what is written about it', async (context) => {
    const store = await withProject(await site(context));
    await append(store, 'a');
    await Promise.all([
      store.write({ kind: 'rename', ...name, to: 'moved.md' }),
      append(store, 'b', { ...name, path: '.project' }),
    ]);
    expect(words(await store.call('loadDocument', { ...name, path: 'moved.md' }))).toEqual(['a']);
    expect(words(await store.call('loadDocument', name))).toEqual([]);
    await append(store, 'new');
    expect(words(await store.call('loadDocument', name))).toEqual(['new']);
    await store.write({ kind: 'purge', ...name });
    await append(store, 'after');
    expect(words(await store.call('loadDocument', name))).toEqual(['after']);
  });

  test('a document begins with its seed, and a second seed is refused', async (context) => {
    const store = await withProject(await site(context));
    await store.write({ kind: 'seed', ...name, data: bytes('seed') });
    const loaded = await store.call('loadDocument', name);
    expect(new TextDecoder().decode(loaded.snapshot ?? undefined)).toBe('seed');
    const again = store.write({ kind: 'seed', ...name, data: bytes('again') });
    const beside = store.write({ kind: 'seed', ...name, path: 'other.md', data: bytes('beside') });
    const [refused, made] = await Promise.allSettled([again, beside]);
    expect(refused).toMatchObject({ status: 'rejected', reason: replaced });
    expect(made.status).toBe('fulfilled'); // others in the same commit are made
    await append(store, 'text', { ...name, path: 'typed.md' });
    const typed = store.write({ kind: 'seed', ...name, path: 'typed.md', data: bytes('seed') });
    await expect(typed).rejects.toMatchObject(replaced);
  });

  test('nothing is written into a document that was begun anew, moved or removed since it was loaded', async (context) => {
    const store = await withProject(await site(context));
    const of = (generation: number, creates = false) =>
      ({ kind: 'append', ...name, generation, creates }) as const;
    await expect(store.write({ ...of(1), data: bytes('x') })).rejects.toMatchObject(replaced); // there is none
    const { lsn: upto } = await store.write({ ...of(1, true), data: bytes('a') });
    const begin = (from: number, next: number, seen = upto) =>
      store.write({
        kind: 'rotate',
        ...name,
        generation: from,
        next,
        upto: seen,
        data: bytes(`state ${next}`),
      });
    await expect(begin(1, 2, upto - 1)).rejects.toMatchObject(replaced); // its state lacks a row
    const { lsn } = await begin(1, 2);
    expect(lsn).toBeGreaterThan(upto);
    const late = [
      store.write({ ...of(1), data: bytes('late') }),
      store.write({ ...of(1, true), data: bytes('late') }),
      store.call('compact', { ...name, generation: 1, state: bytes('old'), upto: lsn + 10 }),
      begin(1, 3, lsn),
      // Of what belongs together all is refused, in either order.
      store.write({ ...of(1), data: bytes('late') }, { kind: 'purge', ...name }),
      store.write({ ...of(2), data: bytes('x') }, { ...of(1), data: bytes('late') }),
    ];
    const other = store.write({ ...of(3, true), path: 'other.md', data: bytes('in the same commit') });
    for (const result of await Promise.allSettled(late))
      expect(result).toMatchObject({ status: 'rejected', reason: replaced });
    await other;
    const now = await store.call('loadDocument', name);
    expect([now.generation, new TextDecoder().decode(now.snapshot ?? undefined), words(now)]).toEqual([
      2,
      'state 2',
      [],
    ]);
    // Whoever reads on in the log meets the new state, however far he had come.
    const part = await store.call('logAfter', { after: upto, limit: 9 });
    expect(part.compacted).toContainEqual({ ...name, generation: 2 });

    await store.write({ kind: 'rename', ...name, to: 'moved.md' });
    await expect(store.write({ ...of(2), data: bytes('x') })).rejects.toMatchObject(replaced);
    await store.write({ ...of(2), path: 'moved.md', data: bytes('y') });
    await store.write({ kind: 'purge', ...name, path: 'moved.md' });
    await expect(store.write({ ...of(2), path: 'moved.md', data: bytes('z') })).rejects.toMatchObject(
      replaced,
    );
    const seen = store.call('compact', {
      ...name,
      path: 'moved.md',
      generation: 2,
      state: bytes('s'),
      upto: 99,
    });
    await expect(seen).rejects.toMatchObject(replaced);
    expect(await store.call('loadDocument', { ...name, path: 'moved.md' })).toMatchObject({
      generation: null,
    });
  });

  test('of many who wish for one project id at once, one gets it', async (context) => {
    const store = await withProject(await site(context));
    const wish = { id: 'wished', workspace: 'home', name: 'W', created: 2 };
    const seeds = [{ path: 'anneal.yaml', data: bytes('seed') }];
    const made = await Promise.all(
      Array.from({ length: 6 }, () => store.call('createProject', { ...wish, seeds })),
    );
    expect(made.filter((result) => result === 'created')).toHaveLength(1);
    expect(await store.call('getProject', 'wished')).toMatchObject({
      id: 'wished',
      created: 2,
      deleted: null,
    });
  });

  test('the epoch stays as long as the log is whole', async (context) => {
    const place = await site(context);
    const store = await withProject(place);
    await append(store, 'a');
    await store.close();
    const again = await place.open();
    onTestFinished(() => again.close());
    expect(again.epoch).toBe(store.epoch);
    expect(again.epoch).toBeGreaterThan(0);
    expect(again.lsn).toBe(store.lsn);
  });

  test('closing waits for what was asked before, and what comes after is refused', async (context) => {
    const place = await site(context);
    const store = await withProject(place);
    const written = append(store, 'last');
    await store.close();
    await written;
    await expect(append(store, 'late')).rejects.toMatchObject({ code: 'ANN-SRV-007' });
    await expect(store.call('ping', null)).rejects.toMatchObject({ code: 'ANN-SRV-007' });
    const again = await place.open();
    onTestFinished(() => again.close());
    expect(words(await again.call('loadDocument', name))).toEqual(['last']);
  });

  test('any order of appending, compacting and opening again leaves exactly what was written', async (context) => {
    const place = await site(context);
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({ kind: fc.constant('append' as const), times: fc.integer({ min: 1, max: 5 }) }),
      },
      {
        weight: 2,
        arbitrary: fc.record({
          kind: fc.constant('compact' as const),
          share: fc.double({ min: 0, max: 1, noNaN: true }),
        }),
      },
      { weight: 1, arbitrary: fc.record({ kind: fc.constant('open' as const) }) },
    );
    let run = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        let store = await place.open();
        const project = `run${++run}`;
        const at = { project, path: 'notes.md' };
        await store.call('createProject', {
          id: project,
          workspace: 'home',
          name: 'R',
          created: 1,
          seeds: [],
        });
        const expected: { readonly text: string; readonly lsn: number }[] = [];
        for (const [index, action] of steps.entries()) {
          if (action.kind === 'append') {
            const texts = Array.from({ length: action.times }, (_, n) => `${index}.${n};`);
            const written = await Promise.all(texts.map((text) => append(store, text, at)));
            for (const [n, { lsn }] of written.entries()) expected.push({ text: texts[n] ?? '', lsn });
          } else if (action.kind === 'compact') {
            const upto = expected[Math.floor(action.share * expected.length)]?.lsn;
            if (upto === undefined) continue;
            const state = expected.filter(({ lsn }) => lsn <= upto).map(({ text }) => text);
            await store.call('compact', { ...at, generation: 1, state: bytes(state.join('')), upto });
          } else {
            await store.close();
            store = await place.open();
          }
        }
        const loaded = await store.call('loadDocument', at);
        const whole = new TextDecoder().decode(loaded.snapshot ?? undefined) + words(loaded).join('');
        await store.close();
        expect(whole).toBe(expected.map(({ text }) => text).join(''));
      }),
      { numRuns: 15 },
    );
  });
}
