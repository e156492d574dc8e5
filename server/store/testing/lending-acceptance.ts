import { expect, onTestFinished, test } from 'vitest';
import { PROJECT_DOCUMENT } from '../../../src/protocol/sync.ts';
import type { Site } from './acceptance.ts';

const list = { project: 'p', path: PROJECT_DOCUMENT };
const guest = { user: null, share: 'link', key: null, session: null };
const hash = (n: number): string => `${n}`.padStart(64, '0');

/** What every store must do with what guests have named. */
export function lendingAcceptance(site: (context: { skip(note: string): never }) => Promise<Site>): void {
  test('claims are let go of, but for what was named while that was looked for', async (context) => {
    const store = await (await site(context)).open();
    onTestFinished(() => store.close());
    const workspace = 'home';
    await store.call('createProject', { id: 'p', workspace, name: 'P', created: 1, seeds: [] });
    const name = (...numbers: number[]) => {
      const hashes = numbers.map(hash);
      const row = {
        kind: 'append',
        ...list,
        generation: 1,
        creates: true,
        data: Buffer.from(hashes.join(' ')),
      } as const;
      return store.write(row, { kind: 'claim', ...list, hashes, who: guest, now: 1 });
    };
    const claims = async () =>
      (
        await Promise.all([1, 2, 3].map((n) => store.call('lentArtifact', { project: 'p', sha256: hash(n) })))
      ).map((lent) => lent === false);
    await name(1, 2);
    await store.call('giveArtifacts', { project: 'p', hashes: [hash(3)], lifts: true });
    expect(await store.call('countClaims', { project: 'p', share: 'link' })).toBe(2);
    expect(await store.call('projectsWithClaims', workspace)).toEqual(['p']);
    const { seq, generation } = await store.call('loadDocument', list);
    const life = { ...list, generation: generation ?? 0 };
    expect(await store.call('letGoOfClaims', { ...life, seq, named: [hash(1)] })).toBe(true);
    expect(await claims()).toEqual([true, false, false]);
    expect(await store.call('lentArtifact', { project: 'p', sha256: hash(3) })).toBe(true);
    // Named again while somebody takes away what was looked at before: whoever comes first, the claim is there.
    for (let round = 0; round < 10; round++) {
      const before = (await store.call('loadDocument', list)).seq;
      await Promise.all([name(1), store.call('letGoOfClaims', { ...life, seq: before, named: [] })]);
      expect(await claims()).toEqual([true, false, false]);
    }
    expect(await store.call('letGoOfClaims', { ...life, seq, named: [] })).toBe(false);
    expect(await store.call('letGoOfClaims', { ...life, generation: 2, seq: 1e9, named: [] })).toBe(false);
  });
}
