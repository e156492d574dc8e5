import { S3, S3ServiceException } from '@aws-sdk/client-s3';
import { serverErrors } from '../../errors.ts';
import type { BucketOptions } from './options.ts';

/** What the SDK is made with, also by tus. */
export function clientConfig({ region, endpoint, credentials }: BucketOptions) {
  return {
    region,
    // Others than Amazon have no names of buckets in their own, and few of them know the newer checksums.
    ...(endpoint === null ? {} : { endpoint, forcePathStyle: true }),
    ...(credentials === null ? {} : { credentials }),
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  } as const;
}

export interface Bucket {
  readonly s3: S3;
  readonly name: string;
  readonly prefix: string;
}

/** Errors: artifactsUnusable where there is no such bucket, or it may not be used. */
export async function openBucket(options: BucketOptions): Promise<Bucket> {
  const s3 = new S3(clientConfig(options));
  try {
    await s3.headBucket({ Bucket: options.bucket });
  } catch (cause) {
    const where = `${options.endpoint ?? 's3'}/${options.bucket}`;
    throw serverErrors.artifactsUnusable({ where, cause });
  }
  return { s3, name: options.bucket, prefix: options.prefix };
}

/** HEAD has no body that could say which. */
export function isMissing(error: unknown): boolean {
  return error instanceof S3ServiceException && error.$metadata.httpStatusCode === 404;
}
