import type { Readable } from 'node:stream';
import { S3Store } from '@tus/s3-store';
import type { ByteRange, Incoming, Spool } from '../ports.ts';
import { type Bucket, clientConfig, isMissing } from './bucket.ts';
import type { BucketOptions } from './options.ts';
import type { S3Blobs } from './s3-blobs.ts';

/**
 * Resumable uploads as multipart uploads of the bucket, so that whichever server process goes on finds what another
 * began; what comes in one go waits on this machine's disk until it is whole.
 */
export class S3Incoming implements Incoming {
  readonly uploads: S3Store;
  readonly prefix: string;
  readonly #bucket: Bucket;
  readonly #blobs: S3Blobs;
  readonly #local: Pick<Incoming, 'take' | 'sweep'>;

  /** `local` takes in what comes in one go. */
  constructor(
    bucket: Bucket,
    blobs: S3Blobs,
    local: Pick<Incoming, 'take' | 'sweep'>,
    options: BucketOptions,
  ) {
    this.#bucket = bucket;
    this.#blobs = blobs;
    this.#local = local;
    this.prefix = `${bucket.prefix}incoming/`;
    this.uploads = new S3Store({
      s3ClientConfig: { bucket: bucket.name, ...clientConfig(options) },
      useTags: false,
      // Another process may have ended the upload and begun it anew.
      cache: { get: async () => undefined, set: async () => undefined, delete: async () => undefined },
    });
  }

  async take(source: AsyncIterable<Uint8Array>): Promise<Spool> {
    const spool = await this.#local.take(source);
    return {
      ...spool,
      become: (name) => this.#blobs.put(name, spool.bytes, () => spool.read()),
    };
  }

  async arrived(id: string): Promise<number | null> {
    try {
      return (await this.uploads.getUpload(id)).offset;
    } catch (error) {
      if (isUnknown(error) || isMissing(error)) return null;
      throw error;
    }
  }

  async finished(id: string): Promise<Spool> {
    const { s3, name } = this.#bucket;
    const { ContentLength: bytes = 0 } = await s3.headObject({ Bucket: name, Key: id });
    const at = { Bucket: name, Key: id };
    return {
      bytes,
      read: async (range?: ByteRange) => {
        if (bytes === 0) return (await s3.getObject(at)).Body as Readable;
        const { start, end } = range ?? { start: 0, end: bytes - 1 };
        return (await s3.getObject({ ...at, Range: `bytes=${start}-${end}` })).Body as Readable;
      },
      become: (blob) => this.#blobs.adopt(id, bytes, blob),
      remove: () => this.forget(id),
    };
  }

  async forget(id: string): Promise<void> {
    const { s3, name } = this.#bucket;
    const info = `${id}.info`;
    try {
      const { Metadata } = await s3.headObject({ Bucket: name, Key: info });
      const UploadId = Metadata?.['upload-id'];
      if (UploadId !== undefined)
        await s3.abortMultipartUpload({ Bucket: name, Key: id, UploadId }).catch(unlessMissing);
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
    for (const Key of [id, `${id}.part`, info]) await s3.deleteObject({ Bucket: name, Key });
  }

  /** Parts of an upload of which nothing else is left are the bucket's to expire: its rule for unfinished uploads. */
  async sweep(known: ReadonlySet<string>, before: number): Promise<number> {
    let swept = await this.#local.sweep(new Set(), before);
    const { s3, name } = this.#bucket;
    let token: string | undefined;
    do {
      const page = await s3.listObjectsV2({
        Bucket: name,
        Prefix: this.prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      for (const { Key = '', LastModified } of page.Contents ?? []) {
        const id = Key.replace(/\.(info|part)$/, '');
        if (known.has(id) || (LastModified?.getTime() ?? before) >= before) continue;
        await this.forget(id);
        swept++;
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return swept;
  }
}

/** What tus throws where it knows no such upload. */
function isUnknown(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'status_code' in error &&
    (error.status_code === 404 || error.status_code === 410)
  );
}

function unlessMissing(error: unknown): void {
  if (!isMissing(error)) throw error;
}
