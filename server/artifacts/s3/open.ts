import type { Blobs, Incoming } from '../ports.ts';
import { openBucket } from './bucket.ts';
import type { BucketOptions } from './options.ts';
import { S3Blobs } from './s3-blobs.ts';
import { S3Incoming } from './s3-incoming.ts';

/** Artifacts in a bucket; `local` takes in what comes in one go. Errors: artifactsUnusable. */
export async function openS3(
  options: BucketOptions,
  local: Pick<Incoming, 'take' | 'sweep'>,
): Promise<{ readonly blobs: Blobs; readonly incoming: Incoming }> {
  const bucket = await openBucket(options);
  const blobs = new S3Blobs(bucket);
  return { blobs, incoming: new S3Incoming(bucket, blobs, local, options) };
}
