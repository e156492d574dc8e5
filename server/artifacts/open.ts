import { join } from 'node:path';
import type { Clock } from '../../src/base/clock.ts';
import { HOME_WORKSPACE } from '../access/principal.ts';
import { serverErrors } from '../errors.ts';
import type { Store } from '../store/store.ts';
import { ArtifactStore } from './artifact-store.ts';
import { Collector } from './collect.ts';
import { FolderBlobs } from './folder/folder-blobs.ts';
import { FolderIncoming } from './folder/folder-incoming.ts';
import type { Blobs, Incoming } from './ports.ts';
import { resealArtifacts } from './reseal.ts';
import type { BucketOptions } from './s3/options.ts';
import { type Keys, SealedBlobs, spaceOf } from './sealed-blobs.ts';
import { Uploads } from './uploads.ts';

export interface ArtifactOptions {
  /** The folder of the server; artifacts lie in `artifacts`, unless they lie in a bucket. */
  readonly dataDir: string;
  readonly bucket: BucketOptions | null;
  /** What seals them; null: they are stored as they are. */
  readonly keys: Keys | null;
  readonly log: (line: string) => void;
  readonly maxBytes: number;
  readonly quotaBytes: number | null;
  /** Whether other server processes use the same place, so that what comes in may be theirs. */
  readonly shared: boolean;
}

export interface Artifacts {
  readonly artifacts: ArtifactStore;
  readonly uploads: Uploads;
  readonly collector: Collector;
  /** Resolves when nothing is done in the background any more. */
  close(): Promise<void>;
}

/** What looks abandoned is left alone for a while: another process may just have made it. */
const SWEEP_AFTER_MS = 24 * 3600 * 1000;
const TIDY_EVERY_MS = 3600 * 1000;
/** Each blob is hashed once a week, so many bytes an hour: some seconds of a disk's time. */
const SCRUB_EVERY_MS = 7 * 24 * 3600 * 1000;
const SCRUB_BYTES = 4 * 1024 ** 3;

/** Errors: dataUnusable, artifactsUnusable. */
export async function openArtifacts(
  store: Store,
  clock: Clock,
  { dataDir, bucket, keys, log, maxBytes, quotaBytes, shared }: ArtifactOptions,
): Promise<Artifacts> {
  const folder = await openFolder(join(dataDir, 'artifacts'), store);
  const { blobs: plain, incoming } = bucket === null ? folder : await openS3(bucket, folder.incoming);
  const seal = keys === null ? null : new SealedBlobs(plain, keys);
  const blobs = seal ?? plain;
  const sealed = seal !== null;
  const artifacts = new ArtifactStore({ store, blobs, sealed, incoming, clock, maxBytes, quotaBytes });
  const uploads = new Uploads(artifacts, store, clock);
  await adopt(store, blobs, clock);
  await uploads.sweep(clock.now() - (shared ? SWEEP_AFTER_MS : 0), !shared);
  let closed = false;
  let working: Promise<unknown> = Promise.resolve();
  /** What fails in the background is tried again in the next round; until then it takes room, and nothing else. */
  const tidy = (): void => {
    working = working
      .then(() => uploads.sweep(clock.now() - SWEEP_AFTER_MS))
      .then(() => (seal === null ? 0 : resealArtifacts(store, artifacts, seal, () => closed)))
      .catch(() => undefined);
  };
  const scrub = async (): Promise<void> => {
    const before = clock.now() - SCRUB_EVERY_MS;
    for (const { code, message, where } of await artifacts.verified.scrub(before, SCRUB_BYTES, () => closed))
      log(`${code} ${message} (${where})`);
  };
  tidy();
  const timer = setInterval(() => {
    tidy();
    scrub().catch((error: unknown) => log(`Looking at artifacts: ${error}`));
  }, TIDY_EVERY_MS);
  timer.unref();
  return {
    artifacts,
    uploads,
    collector: new Collector(store, artifacts, clock),
    close: async () => {
      closed = true;
      clearInterval(timer);
      await working;
    },
  };
}

interface Place {
  readonly blobs: Blobs;
  readonly incoming: Incoming;
}

async function openFolder(
  folder: string,
  store: Store,
): Promise<{ readonly blobs: Blobs; readonly incoming: FolderIncoming }> {
  const blobs = new FolderBlobs(folder);
  try {
    const incoming = await FolderIncoming.open(blobs, (id) => {
      const [workspace = '', sha256 = ''] = id.split('.');
      return store.call('uploadBytes', { workspace, sha256 });
    });
    return { blobs, incoming };
  } catch (cause) {
    throw serverErrors.dataUnusable({ where: folder, cause });
  }
}

/** Loaded where it is used: the SDK takes as much memory and time to start as the rest of the server. */
async function openS3(options: BucketOptions, local: FolderIncoming): Promise<Place> {
  const s3 = await import('./s3/open.ts');
  return s3.openS3(options, local);
}

/** Versions before 0.2 knew no workspaces: what they stored is everybody's who was there. */
async function adopt(store: Store, blobs: Blobs, clock: Clock): Promise<void> {
  if (await store.call('areArtifactsOwned', null)) return;
  const found = [];
  for await (const { name, bytes } of blobs.list())
    if (spaceOf(name) === null) found.push({ sha256: name, bytes });
  await store.call('adoptArtifacts', { workspace: HOME_WORKSPACE, blobs: found, now: clock.now() });
}
