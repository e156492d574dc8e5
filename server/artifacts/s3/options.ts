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
