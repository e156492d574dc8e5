import { S3, S3ServiceException } from '@aws-sdk/client-s3';
import { serverErrors } from '../../errors.ts';

/** ANNEAL_S3_*: a bucket of Amazon S3, or of whatever speaks its protocol. */
export interface BucketOptions {
  readonly bucket: string;
  /** Begins every name in the bucket, so that others can use it too; empty or ending in a slash. */
  readonly prefix: string;
  readonly region: string;
  /** Where the service is; null: Amazon's own. */
  readonly endpoint: string | null;
  /** Null: what the SDK finds, such as the role of the machine. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string } | null;
}

/** Null where ANNEAL_S3_BUCKET is not set. Errors: badOption. */
export function bucketFrom(env: Readonly<Record<string, string | undefined>>): BucketOptions | null {
  const bucket = env.ANNEAL_S3_BUCKET;
  if (!bucket) return null;
  const { ANNEAL_S3_ACCESS_KEY: accessKeyId, ANNEAL_S3_SECRET_KEY: secretAccessKey } = env;
  if (!accessKeyId !== !secretAccessKey)
    throw serverErrors.badOption({
      where: 'ANNEAL_S3_ACCESS_KEY',
      message: 'ANNEAL_S3_ACCESS_KEY and ANNEAL_S3_SECRET_KEY belong together',
    });
  const prefix = env.ANNEAL_S3_PREFIX ?? '';
  return {
    bucket,
    prefix: prefix === '' || prefix.endsWith('/') ? prefix : `${prefix}/`,
    region: env.ANNEAL_S3_REGION || 'us-east-1',
    endpoint: env.ANNEAL_S3_ENDPOINT || null,
    credentials: accessKeyId && secretAccessKey ? { accessKeyId, secretAccessKey } : null,
  };
}

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
