import { expect, test } from 'vitest';
import { checkpointStoreAcceptance } from '../testing/checkpoint-store.ts';
import { FakeOpfs } from '../testing/fake-opfs.ts';
import { createOpfsCheckpointStore } from './checkpoint-store.ts';

// The sync access handles of a worker, over a file system in memory that can fail at any byte. The real
// one is tested in the browser.
const storeOf = (disk: FakeOpfs) => createOpfsCheckpointStore(async () => disk.root);

checkpointStoreAcceptance(async () => storeOf(new FakeOpfs()));

const before = Uint8Array.from({ length: 40 }, (_, i) => i);
const after = Uint8Array.from({ length: 50 }, (_, i) => 200 - i);

test('a kill at any byte of a put leaves what was there, and the next put works', async () => {
  // The blob and its trailer of 16 bytes.
  for (let budget = 0; budget <= after.length + 16; budget++) {
    const disk = new FakeOpfs();
    await storeOf(disk).put('run', 'a', before);
    disk.fail = 'killed';
    disk.budget = budget;
    const outcome = await storeOf(disk)
      .put('run', 'a', after)
      .catch(() => 'killed');
    const whole = budget === after.length + 16;
    expect(outcome).toBe(whole ? undefined : 'killed');
    disk.dead = false;
    disk.budget = Number.POSITIVE_INFINITY;
    const store = storeOf(disk);
    expect(await store.get('run', 'a')).toEqual(whole ? after : before);
    expect(await store.list('run')).toEqual([{ name: 'a', bytes: whole ? 50 : 40 }]);
    await store.put('run', 'a', Uint8Array.of(7));
    expect(await store.get('run', 'a')).toEqual(Uint8Array.of(7));
  }
});

test.each(['quota', 'short', 'number'] as const)(
  'a full disk (%s) is a typed error, and what was there stays',
  async (fail) => {
    const disk = new FakeOpfs();
    const store = storeOf(disk);
    await store.put('run', 'a', before);
    disk.fail = fail;
    disk.budget = 30;
    await expect(store.put('run', 'a', after)).rejects.toMatchObject({
      code: 'ANN-STO-001',
      data: { needed: 50 },
    });
    expect(await store.get('run', 'a')).toEqual(before);
    expect(await store.list('run')).toEqual([{ name: 'a', bytes: 40 }]);
  },
);

test('a blob that is replaced while it is looked up is found: the new one, and never an error', async () => {
  for (const read of ['get', 'list'] as const) {
    const disk = new FakeOpfs();
    const store = storeOf(disk);
    await store.put('run', 'a', before);
    const folder = await (await disk.root.getDirectoryHandle('checkpoints')).getDirectoryHandle('run');
    const plain = folder.getFileHandle.bind(folder);
    // Of what has been listed nothing is there any more by the time it is opened.
    folder.getFileHandle = async (...file) => {
      folder.getFileHandle = plain;
      await storeOf(disk).put('run', 'a', after);
      return plain(...file);
    };
    if (read === 'get') expect(await store.get('run', 'a')).toEqual(after);
    else expect(await store.list('run')).toEqual([{ name: 'a', bytes: 50 }]);
  }
});
