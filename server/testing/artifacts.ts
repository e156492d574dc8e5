import { onTestFinished } from 'vitest';
import { type Artifacts, openArtifacts } from '../artifacts/open.ts';
import type { BucketOptions } from '../artifacts/s3/options.ts';
import { SqliteStore } from '../store/sqlite/sqlite-store.ts';
import type { Store } from '../store/store.ts';
import { KeyRing } from '../vault/key-ring.ts';
import { temporaryFolder } from './fixture.ts';

/** Artifacts over a real store and folder, with a clock that the test turns on. */
export async function testArtifacts(
  options: {
    readonly dataDir?: string;
    readonly quotaBytes?: number | null;
    readonly bucket?: BucketOptions | null;
    /** ANNEAL_MASTER_KEY; left out: nothing is sealed. */
    readonly master?: Buffer;
  } = {},
): Promise<
  Artifacts & { readonly store: Store; readonly dataDir: string; readonly pass: (ms: number) => void }
> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const store = await SqliteStore.open(dataDir);
  let passed = 0;
  const clock = { now: () => Date.now() + passed, elapsed: () => performance.now() };
  const { master } = options;
  const keys =
    master === undefined ? null : await KeyRing.open(store, clock, { current: master, previous: null });
  const opened = await openArtifacts(store, clock, {
    dataDir,
    bucket: options.bucket ?? null,
    keys,
    log: () => undefined,
    maxBytes: 1024 ** 3,
    quotaBytes: options.quotaBytes ?? null,
    shared: false,
  });
  onTestFinished(async () => {
    await opened.close();
    await store.close();
  });
  return {
    ...opened,
    store,
    dataDir,
    pass: (ms) => {
      passed += ms;
    },
  };
}
