import { expect, onTestFinished, test } from 'vitest';
import { type AuditEntry, EMPTY_CHAIN, hashOfEntry } from '../../audit/chain.ts';
import { serverErrors } from '../../errors.ts';
import type { Store } from '../store.ts';
import type { Site } from './acceptance.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Nothing that is written comes behind it. */
const ALL = { seq: Number.MAX_SAFE_INTEGER, document: Number.MAX_SAFE_INTEGER };
const nobody = { user: null, share: null, key: null, session: null };
const blob = (name: string, size: number) => ({ sha256: name.repeat(64).slice(0, 64), bytes: size });

/** What every store must do with artifacts, the audit log and the keys of the vault. */
export function keptAcceptance(site: (context: { skip(note: string): never }) => Promise<Site>): void {
  const opened = async ({ open }: Site): Promise<Store> => {
    const store = await open();
    onTestFinished(() => store.close());
    for (const id of ['p', 'q'])
      await store.call('createProject', { id, workspace: 'home', name: id, created: 1, seeds: [] });
    return store;
  };

  test('of the parts of an artifact only those of a range are told, with where the first begins', async (context) => {
    const store = await opened(await site(context));
    const parts = ['a', 'b', 'c', 'd'].map((name, i) => blob(name, 10 * (i + 1))); // 0, 10, 30, 60 to 100
    const artifact = { workspace: 'home', sha256: blob('1', 0).sha256 };
    await store.call('ownArtifact', { ...artifact, bytes: 100, parts, now: 1 });
    const within = (start: number, end: number) =>
      store.call('partsWithin', { sha256: artifact.sha256, start, end });
    expect(await within(0, 99)).toEqual({ from: 0, parts });
    expect(await within(9, 10)).toEqual({ from: 0, parts: parts.slice(0, 2) });
    expect(await within(10, 29)).toEqual({ from: 10, parts: parts.slice(1, 2) });
    expect(await within(35, 60)).toEqual({ from: 30, parts: parts.slice(2) });
    expect(await within(100, 200)).toEqual({ from: 0, parts: [] });
    expect(await store.call('ownedBytes', artifact)).toBe(100);
    expect(await store.call('ownedBytes', { ...artifact, workspace: 'other' })).toBeNull();
  });

  test('which rows a document has is told by their numbers, also where others are in between', async (context) => {
    const store = await opened(await site(context));
    const at = (path: string) => ({ project: 'p', path });
    const append = async (path: string): Promise<number> => {
      const write = {
        kind: 'append',
        ...at(path),
        generation: 1,
        creates: true,
        data: Uint8Array.of(1),
      } as const;
      return (await store.write(write)).lsn;
    };
    const first = await append('a.md');
    await append('b.md');
    const third = await append('a.md');
    const found = await store.call('documentRows', { ...at('a.md'), upto: third });
    expect(found?.rows).toEqual([first, third]);
    expect((await store.call('documentRows', { ...at('a.md'), upto: first }))?.rows).toEqual([first]);
    expect((await store.call('documentRows', { ...at('b.md'), upto: third }))?.document).not.toBe(
      found?.document,
    );
    expect(await store.call('documentRows', { ...at('c.md'), upto: third })).toBeNull();
  });

  test('blobs that artifacts share count once; what nobody has any more is forgotten', async (context) => {
    const store = await opened(await site(context));
    const shared = blob('a', 100);
    const own = (name: string, part: ReturnType<typeof blob>, workspace = 'home') =>
      store.call('ownArtifact', {
        workspace,
        ...blob(name, 100 + part.bytes),
        parts: [shared, part],
        now: 10,
      });
    await own('1', blob('b', 7));
    await own('2', blob('c', 8));
    await own('2', blob('c', 8), 'other');
    const use = () => store.call('artifactUse', { workspace: 'home', usual: null });
    expect(await use()).toEqual({ used: 115, pending: 0, quota: null });
    const found = await store.call('findArtifact', { workspace: 'home', sha256: blob('1', 0).sha256 });
    expect(found).toEqual({ bytes: 107, parts: [shared, blob('b', 7)] });
    expect(await store.call('findArtifact', { workspace: 'other', sha256: blob('1', 0).sha256 })).toBeNull();
    const hashes = [blob('1', 0).sha256, blob('2', 0).sha256];
    const disowned = await store.call('disownArtifacts', {
      workspace: 'home',
      hashes,
      before: 11,
      since: ALL,
    });
    expect(disowned?.sort()).toEqual(hashes);
    expect(await use()).toMatchObject({ used: 0 });
    expect(await store.call('knownParts', blob('1', 0).sha256)).toBeNull();
    expect(await store.call('knownParts', blob('2', 0).sha256)).toEqual([shared, blob('c', 8)]);
  });

  test('what a project was given stays given, and what was only claimed is lent by nobody but its sender', async (context) => {
    const store = await opened(await site(context));
    const [first, second] = [blob('1', 0).sha256, blob('2', 0).sha256];
    const lent = async (project: string) => [
      await store.call('lentArtifact', { project, sha256: first }),
      await store.call('lentArtifact', { project, sha256: second }),
    ];
    expect(await lent('p')).toEqual([null, null]);
    await store.call('giveArtifacts', { project: 'p', hashes: [first, first], lifts: false });
    const claim = { kind: 'claim', project: 'p', path: '.project', who: nobody, now: 1 } as const;
    await store.write({ ...claim, hashes: [first, second] });
    expect(await lent('p')).toEqual([true, false]);
    await store.call('giveArtifacts', { project: 'p', hashes: [first, second], lifts: false });
    expect(await lent('p')).toEqual([true, false]);
    await store.call('giveArtifacts', { project: 'p', hashes: [second], lifts: true });
    expect(await lent('p')).toEqual([true, true]);
    expect(await lent('q')).toEqual([null, null]);
  });

  test('a claim is made with what it is written beside, or neither is, however many it names', async (context) => {
    const store = await opened(await site(context));
    const hashes = Array.from({ length: 11_000 }, (_, i) => `${i}`.padStart(64, '0'));
    const lent = () =>
      Promise.all(
        [0, 6_000, 10_999].map((i) => store.call('lentArtifact', { project: 'p', sha256: hashes[i] ?? '' })),
      );
    const name = { project: 'p', path: '.project' };
    const append = { kind: 'append', ...name, generation: 7, data: bytes('names them') } as const;
    const claim = { kind: 'claim', ...name, hashes, who: nobody, now: 1 } as const;
    await expect(store.write({ ...append, creates: false }, claim)).rejects.toMatchObject({
      code: serverErrors.documentReplaced.code,
    });
    expect(await lent()).toEqual([null, null, null]);
    await store.write({ ...append, creates: true }, claim);
    expect(await lent()).toEqual([false, false, false]);
    const { updates } = await store.call('loadDocument', name);
    expect(updates.map((update) => new TextDecoder().decode(update))).toEqual(['names them']);
  });

  test('room for uploads is given out once, however many ask at the same time', async (context) => {
    const store = await opened(await site(context));
    const begin = (name: string, client: string) =>
      store.call('beginUpload', {
        ...{ workspace: 'home', ...blob(name, 60), client },
        ...{ now: 1, until: 100, usual: 100 },
      });
    const asked = await Promise.all(['1', '2', '3', '4'].map((name) => begin(name, name)));
    expect(asked.map(({ kind }) => kind).sort()).toEqual(['begun', 'full', 'full', 'full']);
    const begun = String(asked.findIndex(({ kind }) => kind === 'begun') + 1);
    expect(await begin(begun, begun)).toEqual({ kind: 'begun' }); // goes on
    expect(await begin(begun, 'somebody else')).toEqual({ kind: 'busy' });
    expect(await store.call('artifactUse', { workspace: 'home', usual: 100 })).toEqual({
      used: 0,
      pending: 60,
      quota: 100,
    });
  });

  test('what a project holds is not taken away, and goes with the project', async (context) => {
    const store = await opened(await site(context));
    const { sha256, bytes: size } = blob('1', 5);
    await store.call('ownArtifact', {
      ...{ workspace: 'home', sha256, bytes: size, now: 1 },
      parts: [blob('1', 5)],
    });
    await store.call('holdArtifacts', { project: 'q', holder: 'run-1', hashes: [sha256, sha256], now: 1 });
    const disown = (since = ALL) =>
      store.call('disownArtifacts', { workspace: 'home', hashes: [sha256], before: 2, since });
    expect(await disown()).toEqual([]);
    expect(await store.call('heldArtifacts', 'home')).toEqual([sha256]);
    await store.call('holdArtifacts', { project: 'q', holder: 'run-1', hashes: [], now: 1 });
    // What somebody of another workspace holds keeps nothing here.
    await store.call('createProject', { id: 'r', workspace: 'other', name: 'r', created: 1, seeds: [] });
    await store.call('holdArtifacts', { project: 'r', holder: 'run-1', hashes: [sha256], now: 1 });
    expect(await store.call('heldArtifacts', 'home')).toEqual([]);
    expect(await store.call('heldArtifacts', 'other')).toEqual([sha256]);
    // Whatever was written since somebody looked: it may name it.
    const name = { project: 'q', path: 'notes.md' };
    await store.write({ kind: 'seed', ...name, data: bytes('seed') });
    expect(await disown({ ...ALL, document: 0 })).toBeNull();
    await store.call('saveVersion', { ...name, id: 'v', state: bytes('version'), artifacts: [sha256] });
    expect(await disown()).toEqual([]);
    await store.call('changeProject', { id: 'q', deleted: 5 });
    await store.call('purgeProjects', { before: 6 });
    expect(await disown()).toEqual([sha256]);
  });

  test('entries of the audit log are one chain without a gap, however many add to it at once', async (context) => {
    const store = await opened(await site(context));
    const facts = (n: number) => ({
      ...{ at: n, workspace: null, project: 'p', actor: 'server', name: null, action: 'test' },
      ...{ target: String(n), outcome: 'done', detail: '{}' },
    });
    await Promise.all(
      Array.from({ length: 8 }, (_, n) =>
        store.call('appendAudit', { entries: [facts(2 * n), facts(2 * n + 1)], after: EMPTY_CHAIN }),
      ),
    );
    const entries = await store.call('auditEntries', { after: 0, limit: 100 });
    expect(entries.map(({ seq }) => seq)).toEqual(Array.from({ length: 16 }, (_, n) => n + 1));
    let previous = EMPTY_CHAIN.hash;
    for (const entry of entries as AuditEntry[]) {
      expect(entry.previous).toBe(previous);
      expect(entry.workspace).toBe('home');
      previous = hashOfEntry(entry);
      expect(entry.hash).toBe(previous);
    }
    expect(await store.call('auditEnd', null)).toEqual({ seq: 16, hash: previous });
    const newest = await store.call('auditOf', { workspace: 'home', before: 17, limit: 3 });
    expect(newest.map(({ seq }) => seq)).toEqual([16, 15, 14]);

    // Whoever goes on from an entry that is not there, or is another one by now, adds nothing.
    const end = { seq: 16, hash: previous };
    const add = (after: typeof end) => store.call('appendAudit', { entries: [facts(16)], after });
    for (const after of [
      { ...end, seq: 17 },
      { ...end, seq: 15 },
      { ...end, hash: EMPTY_CHAIN.hash },
    ])
      expect(await add(after)).toEqual({ kind: 'broken', end });
    expect(await add({ seq: 3, hash: entries[2]?.hash ?? '' })).toMatchObject({ end: { seq: 17 } }); // others have gone on
    expect(await add(end)).toMatchObject({ kind: 'added', end: { seq: 18 } });
  });

  test('every row can be sealed anew, unless somebody has changed it meanwhile', async (context) => {
    const store = await opened(await site(context));
    const name = { project: 'p', path: 'notes.md' };
    for (const text of ['one', 'two', 'three'])
      await store.write({ kind: 'append', ...name, generation: 1, creates: true, data: bytes(text) });
    await store.write({ kind: 'seed', ...name, path: 'seed.md', data: bytes('seed') });
    await store.call('saveVersion', { ...name, id: 'v', state: bytes('version'), artifacts: [] });
    const rows = async (kind: 'log' | 'snapshot' | 'version', after = '', limit = 9) =>
      store.call('sealableRows', { kind, workspace: 'home', after, limit });
    const first = await rows('log', '', 2);
    const rest = await rows('log', first.at(-1)?.id ?? '', 2);
    const all = [...first, ...rest, ...(await rows('snapshot')), ...(await rows('version'))];
    const texts = all.map(({ data }) => new TextDecoder().decode(data));
    expect(texts).toEqual(['one', 'two', 'three', 'seed', 'version']);
    for (const { kind, id, data } of all) {
      expect(await store.call('reseal', { kind, id, from: data, to: bytes(`sealed ${kind}`) })).toBe(true);
      expect(await store.call('reseal', { kind, id, from: data, to: bytes('again') })).toBe(false);
    }
    const { updates } = await store.call('loadDocument', name);
    expect(updates.map((data) => new TextDecoder().decode(data))).toEqual(Array(3).fill('sealed log'));
  });

  test('keys of the vault come in the order in which they were made', async (context) => {
    const store = await opened(await site(context));
    const key = (id: string, created: number) =>
      store.call('addVaultKey', { id, workspace: 'home', wrapped: bytes(id), created });
    await key('b', 1);
    await key('a', 2);
    await store.call('rewrapVaultKey', { id: 'b', wrapped: bytes('rewrapped') });
    const keys = await store.call('vaultKeys', null);
    expect(keys.map(({ id, wrapped }) => [id, new TextDecoder().decode(wrapped)])).toEqual([
      ['b', 'rewrapped'],
      ['a', 'a'],
    ]);
  });
}
