import { expect, onTestFinished, test } from 'vitest';
import { serverErrors } from '../../errors.ts';
import { textKey } from '../requests/review.ts';
import type { Store } from '../store.ts';
import type { Site } from './acceptance.ts';

const file = { project: 'p', path: 'a.yaml' };
const moved = { project: 'p', path: 'b.yaml' };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const textOf = (state: Uint8Array | null): string | null =>
  state === null ? null : new TextDecoder().decode(state);

/** What every store must do with versions of texts and with mentions. */
export function reviewAcceptance(site: (context: { skip(note: string): never }) => Promise<Site>): void {
  const withProjects = async ({ open }: Site): Promise<Store> => {
    const store = await open();
    onTestFinished(() => store.close());
    for (const id of ['p', 'q'])
      await store.call('createProject', { id, workspace: 'home', name: id, created: 1, seeds: [] });
    return store;
  };
  const keep = (store: Store, id: string, of = file) =>
    store.call('saveVersion', { ...of, id, state: bytes(id), artifacts: [] });
  const mention = { comment: 'c', thread: 't', by: 'Ada', created: 5, people: ['bob', 'cy'] };

  test('a version is found under its own text alone, follows it, and goes with it', async (context) => {
    const store = await withProjects(await site(context));
    await keep(store, 'one');
    await keep(store, 'two');
    expect(textOf(await store.call('loadVersion', { ...file, id: 'one' }))).toBe('one');
    for (const other of [moved, { ...file, project: 'q' }])
      expect(await store.call('loadVersion', { ...other, id: 'one' })).toBeNull();
    await store.write({ kind: 'rename', ...file, to: moved.path });
    expect(textOf(await store.call('loadVersion', { ...moved, id: 'two' }))).toBe('two');
    await store.call('dropVersions', { ...moved, ids: ['two'] });
    expect(await store.call('loadVersion', { ...moved, id: 'two' })).toBeNull();
    await store.write({ kind: 'purge', ...moved });
    expect(await store.call('loadVersion', { ...moved, id: 'one' })).toBeNull();
  });

  test('a version of another text is not dropped by its id', async (context) => {
    const store = await withProjects(await site(context));
    await keep(store, 'one');
    await keep(store, 'other', { ...file, project: 'q' });
    await store.call('dropVersions', { ...file, ids: ['other'] });
    await store.call('dropVersions', { ...file, ids: [] });
    expect(textOf(await store.call('loadVersion', { ...file, project: 'q', id: 'other' }))).toBe('other');
  });

  test('a mention is unread until its person reads its thread, and follows the text', async (context) => {
    const store = await withProjects(await site(context));
    const bob = { project: 'p', person: 'bob' };
    await store.call('addMentions', { ...file, ...mention });
    await store.call('addMentions', { ...file, ...mention, comment: 'd', created: 4, people: ['bob'] });
    await store.write({ kind: 'rename', ...file, to: moved.path });
    expect(await store.call('listMentions', bob)).toEqual([
      { path: 'b.yaml', thread: 't', comment: 'd', by: 'Ada', created: 4 },
      { path: 'b.yaml', thread: 't', comment: 'c', by: 'Ada', created: 5 },
    ]);
    expect(await store.call('listMentions', { project: 'q', person: 'bob' })).toEqual([]);
    expect(await store.call('readMentions', { project: 'q', person: 'bob', thread: 't' })).toBe(0);
    expect(await store.call('readMentions', { ...bob, thread: 't' })).toBe(2);
    expect(await store.call('listMentions', bob)).toEqual([]);
    expect(await store.call('listMentions', { project: 'p', person: 'cy' })).toHaveLength(1);
  });

  test('of all who would decide about a suggestion at once one may, and his commit needs that he still may', async (context) => {
    const store = await withProjects(await site(context));
    await store.write({ kind: 'seed', ...file, data: bytes('review') });
    const claim = (token: string, at: number, before: number) =>
      store.call('claimDecision', { ...file, suggestion: 's', token, at, before });
    const tokens = Array.from({ length: 6 }, (_, n) => `t${n}`);
    const claimed = await Promise.all(tokens.map((token) => claim(token, 10, 5)));
    expect(claimed.filter(Boolean)).toHaveLength(1);
    const token = tokens[claimed.indexOf(true)] ?? '';
    const decide = (by: string) => store.write({ kind: 'decide', ...file, suggestion: 's', token: by });
    const other = { code: serverErrors.documentReplaced.code };
    expect(await claim('late', 20, 10)).toBe(false);
    expect(await claim('later', 30, 11)).toBe(true); // whoever had it is taken for dead
    await expect(decide(token)).rejects.toMatchObject(other);
    await store.call('releaseDecision', { suggestion: 's', token }); // it is not his any more
    await decide('later');
    await expect(decide('later')).rejects.toMatchObject(other);
    expect(await claim('next', 40, 0)).toBe(true);
    await store.call('releaseDecision', { suggestion: 's', token: 'next' });
    expect(await claim('last', 40, 0)).toBe(true);
    expect(await store.call('claimDecision', { ...moved, suggestion: 'x', token, at: 1, before: 0 })).toBe(
      false,
    );
    await store.write({ kind: 'purge', ...file });
    await expect(decide('last')).rejects.toMatchObject(other);
  });

  test('of all who would replace a text at once one may, also where nothing is written in it yet', async (context) => {
    const store = await withProjects(await site(context));
    await store.write({ kind: 'seed', ...file, data: bytes('text') });
    for (const name of [file, { ...file, path: 'never-written.md' }]) {
      const claim = (token: string) => store.call('claimText', { ...name, token, at: 10, before: 5 });
      const tokens = Array.from({ length: 4 }, (_, n) => `t${n}`);
      const claimed = await Promise.all(tokens.map(claim));
      expect(claimed.filter(Boolean)).toHaveLength(1);
      const mine = { ...name, suggestion: textKey(name), token: tokens[claimed.indexOf(true)] ?? '' };
      await store.write({ kind: 'decide', ...mine });
      await expect(store.write({ kind: 'decide', ...mine })).rejects.toMatchObject({
        code: serverErrors.documentReplaced.code,
      });
      expect(await claim('next')).toBe(true);
    }
  });
}
