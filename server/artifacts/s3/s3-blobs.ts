import type { Readable } from 'node:stream';
import type { BlobFacts, BlobName, Blobs, ByteRange } from '../ports.ts';
import { type Bucket, isMissing } from './bucket.ts';

/** A blob whose name is the hash of what is stored. */
const HASH = /^[0-9a-f]{64}$/;
/** Larger objects are copied in parts. */
const MAX_COPY_BYTES = 5 * 1024 ** 3;
const COPY_PART_BYTES = 1024 ** 3;

/**
 * Blobs as objects `<prefix>blobs/<name>`. An object is there when all of its bytes are, and the service checks
 * them against the hash that they are announced with; what is sealed has another one, and proves itself when it is
 * opened.
 */
export class S3Blobs implements Blobs {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket) {
    this.#bucket = bucket;
  }

  async stat(name: BlobName): Promise<BlobFacts | null> {
    try {
      const head = await this.#bucket.s3.headObject(this.#at(name));
      return {
        bytes: head.ContentLength ?? 0,
        stamp: `${head.ETag}:${head.ContentLength}`,
        modified: head.LastModified?.getTime() ?? 0,
      };
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
  }

  async read(name: BlobName, range?: ByteRange): Promise<Readable> {
    const { Body } = await this.#bucket.s3.getObject({
      ...this.#at(name),
      ...(range === undefined ? {} : { Range: `bytes=${range.start}-${range.end}` }),
    });
    return Body as Readable; // in Node it is one
  }

  async put(name: BlobName, bytes: number, source: () => Promise<Readable>): Promise<void> {
    await this.#bucket.s3.putObject({
      ...this.#at(name),
      Body: await source(),
      ContentLength: bytes,
      ...(HASH.test(name) ? { ChecksumSHA256: Buffer.from(name, 'hex').toString('base64') } : {}),
      ContentType: 'application/octet-stream',
    });
  }

  async touch(name: BlobName): Promise<boolean> {
    const facts = await this.stat(name);
    if (facts === null) return false;
    // An object that is copied onto itself is of this moment, and its bytes are the same. What is too large for
    // it is an artifact by itself, which is not taken away while somebody has it.
    if (facts.bytes <= MAX_COPY_BYTES) await this.#copy(this.key(name), this.key(name));
    return true;
  }

  /** Makes an object of the bucket a blob; it stays where it is. */
  async adopt(key: string, bytes: number, name: BlobName): Promise<void> {
    if (bytes <= MAX_COPY_BYTES) await this.#copy(key, this.key(name));
    else await this.#copyInParts(key, bytes, this.key(name));
  }

  async remove(name: BlobName): Promise<void> {
    await this.#bucket.s3.deleteObject(this.#at(name));
  }

  async setAside(name: BlobName): Promise<void> {
    const facts = await this.stat(name);
    if (facts === null) return;
    const aside = `${this.#bucket.prefix}damaged/${name}.${Date.now()}`;
    if (facts.bytes <= MAX_COPY_BYTES) await this.#copy(this.key(name), aside);
    else await this.#copyInParts(this.key(name), facts.bytes, aside);
    await this.remove(name);
  }

  async *list(): AsyncGenerator<{ readonly name: BlobName } & BlobFacts> {
    const prefix = this.key('');
    let token: string | undefined;
    do {
      const page = await this.#bucket.s3.listObjectsV2({
        Bucket: this.#bucket.name,
        Prefix: prefix,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      for (const { Key = '', Size = 0, ETag, LastModified } of page.Contents ?? []) {
        yield {
          name: Key.slice(prefix.length),
          bytes: Size,
          stamp: `${ETag}:${Size}`,
          modified: LastModified?.getTime() ?? 0,
        };
      }
      token = page.NextContinuationToken;
    } while (token !== undefined);
  }

  key(name: BlobName): string {
    return `${this.#bucket.prefix}blobs/${name}`;
  }

  #at(name: BlobName): { readonly Bucket: string; readonly Key: string } {
    return { Bucket: this.#bucket.name, Key: this.key(name) };
  }

  async #copy(from: string, to: string): Promise<void> {
    await this.#bucket.s3.copyObject({
      Bucket: this.#bucket.name,
      Key: to,
      CopySource: `${this.#bucket.name}/${encodeURIComponent(from).replaceAll('%2F', '/')}`,
      MetadataDirective: 'REPLACE',
      ContentType: 'application/octet-stream',
    });
  }

  async #copyInParts(from: string, bytes: number, to: string): Promise<void> {
    const { s3, name } = this.#bucket;
    const place = { Bucket: name, Key: to };
    const { UploadId } = await s3.createMultipartUpload({
      ...place,
      ContentType: 'application/octet-stream',
    });
    try {
      const Parts: { readonly PartNumber: number; readonly ETag: string | undefined }[] = [];
      for (let start = 0; start < bytes; start += COPY_PART_BYTES) {
        const PartNumber = Parts.length + 1;
        const end = Math.min(start + COPY_PART_BYTES, bytes) - 1;
        const { CopyPartResult } = await s3.uploadPartCopy({
          ...place,
          UploadId,
          PartNumber,
          CopySource: `${name}/${encodeURIComponent(from).replaceAll('%2F', '/')}`,
          CopySourceRange: `bytes=${start}-${end}`,
        });
        Parts.push({ PartNumber, ETag: CopyPartResult?.ETag });
      }
      await s3.completeMultipartUpload({ ...place, UploadId, MultipartUpload: { Parts } });
    } catch (error) {
      await s3.abortMultipartUpload({ ...place, UploadId });
      throw error;
    }
  }
}
