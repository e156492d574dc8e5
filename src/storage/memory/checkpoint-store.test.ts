import { expect, test } from 'vitest';
import { checkpointStoreAcceptance } from '../testing/checkpoint-store.ts';
import { createMemoryCheckpointStore } from './checkpoint-store.ts';

checkpointStoreAcceptance(async () => createMemoryCheckpointStore());

test('a put beyond the capacity is refused with the bytes that it needs, and leaves what was there', async () => {
  const store = createMemoryCheckpointStore(10);
  await store.put('run', 'a', new Uint8Array(6).fill(1));
  await store.put('run', 'a', new Uint8Array(10).fill(2));
  await expect(store.put('run', 'b', new Uint8Array(1))).rejects.toMatchObject({
    code: 'ANN-STO-001',
    data: { needed: 1, free: 0 },
  });
  expect(await store.get('run', 'a')).toEqual(new Uint8Array(10).fill(2));
});
