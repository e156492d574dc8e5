import { expect, test } from 'vitest';
import { cdp } from 'vitest/browser';
import { checkpointStoreAcceptance } from '../testing/checkpoint-store.ts';
import { createOpfsCheckpointStore } from './checkpoint-store.ts';

let stores = 0;
async function freshFolder(): Promise<FileSystemDirectoryHandle> {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(`test-${Date.now()}-${stores++}`, { create: true });
}

// On a page: the writable streams. The sync access handles of a worker are tested below.
checkpointStoreAcceptance(async () => {
  const folder = await freshFolder();
  return createOpfsCheckpointStore(async () => folder);
});

test('a worker terminated while it stores leaves the last whole blob', async () => {
  const run = `killed-${Date.now()}`;
  const store = createOpfsCheckpointStore();
  let last = -1;
  for (let round = 0; round < 6; round++) {
    const worker = new Worker(new URL('../testing/store-until-terminated.worker.ts', import.meta.url), {
      type: 'module',
    });
    await new Promise<void>((resolve, reject) => {
      worker.addEventListener('error', (event) => reject(new Error(event.message)));
      worker.addEventListener('message', (event: MessageEvent<number>) => {
        last = event.data;
        if (last % 4 !== round % 4) return;
        worker.terminate();
        resolve();
      });
      worker.postMessage({ run, first: last + 1, bytes: 1_000_000 });
    });
    const bytes = await store.get(run, 'a');
    const version = (bytes?.byteLength ?? 0) - 1_000_000;
    expect(version).toBeGreaterThanOrEqual(last);
    expect(bytes?.every((byte) => byte === version % 256)).toBe(true);
    last = version;
  }
  await store.remove(run);
});

async function limitQuota(bytes: number | null): Promise<void> {
  const session = cdp() as unknown as { send(method: string, parameters: object): Promise<unknown> };
  const { usage = 0 } = await navigator.storage.estimate();
  await session.send('Storage.overrideQuotaForOrigin', {
    origin: location.origin,
    ...(bytes === null ? {} : { quotaSize: usage + bytes }),
  });
}

const FULL = { code: 'ANN-STO-001', data: { needed: 20_000_000 } };

test('a full disk is a typed error with the bytes needed, and what was there stays', async () => {
  const folder = await freshFolder();
  const store = createOpfsCheckpointStore(async () => folder);
  await store.put('run', 'a', Uint8Array.of(1, 2, 3));
  await limitQuota(1_000_000);
  try {
    // Which error the browser has for it depends on who is faster.
    for (let i = 0; i < 20; i++)
      await expect(store.put('run', 'a', new Uint8Array(20_000_000))).rejects.toMatchObject(FULL);
  } finally {
    await limitQuota(null);
  }
  expect([...((await store.get('run', 'a')) ?? [])]).toEqual([1, 2, 3]);
  await store.put('run', 'a', new Uint8Array(2_000_000));
  expect(await store.get('run', 'a')).toHaveLength(2_000_000);
});

test('a full disk is the same to a worker', async () => {
  const run = `full-${Date.now()}`;
  const worker = new Worker(new URL('../testing/store-once.worker.ts', import.meta.url), { type: 'module' });
  const put = (bytes: number): Promise<unknown> =>
    new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message));
      worker.onmessage = ({ data }) => resolve(data);
      worker.postMessage({ run, bytes });
    });
  expect(await put(1_000)).toBe(null);
  await limitQuota(1_000_000);
  try {
    expect(await put(20_000_000)).toMatchObject(FULL);
  } finally {
    await limitQuota(null);
  }
  const store = createOpfsCheckpointStore();
  expect(await store.get(run, 'a')).toHaveLength(1_000);
  expect(await put(2_000_000)).toBe(null);
  expect(await store.get(run, 'a')).toHaveLength(2_000_000);
  worker.terminate();
  await store.remove(run);
});
